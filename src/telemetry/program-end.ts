import { guard, guardAsync } from '../util/guard.ts';
import { countQueuedSpans, exporterOf, processorsOf } from '../util/otel-sdk.ts';
import { field } from '../util/payload.ts';
import { onceProcess } from '../util/process-events.ts';
import { atExit } from '../util/process-exit.ts';
import { printToStderr } from '../util/text-stream.ts';
import { NAME } from '../util/version.ts';
import { settledWithin } from '../util/wait.ts';
import { type SendFailure, sendFailureOf } from './connection-probe.ts';
import { sinksSettled } from './events/sink.ts';
import { failureReason, NO_ANSWER } from './export-advice.ts';
import { hasJustTimedOut, unrefRequestsTo } from './exporter-requests.ts';
import { addressWithoutSecrets } from './otlp-address.ts';
import { endpointsIn, isSending, zipkinEndpointsIn } from './provider-endpoints.ts';
import { reportUnsent } from './report-unsent.ts';

/** How long a program that ends waits until everything is sent. */
export const FLUSH_TIMEOUT_MS = 2_000;
/** How much of that goes to what is read of the API. */
const END_READ_TIMEOUT_MS = 1_500;

/** What may still be read of the API before everything ends. */
export interface EndLimits {
  /** Whether to read how things ended that are in progress. Default: true. */
  readonly reads?: boolean;
  /** How long to wait for requests of the instrumentation's own. */
  readonly readTimeoutMs?: number;
}

/** Called before a provider sends its spans for the last time. */
export interface ProgramEndListener {
  /** Ends all open spans. */
  shutdown(limits?: EndLimits): Promise<void>;
  /** Ends idle conversations: those without a call or invocation in progress. */
  endIdle?(limits?: EndLimits): Promise<void>;
  /** Ends all open spans at once. */
  endAll?(): void;
  /** The meter and logger providers to flush together with the tracer provider. */
  readonly otherProviders?: readonly object[];
}

/** The state of a provider. */
export interface SendState {
  /** Whether it may hold something of ours that is not flushed yet. */
  unsent: boolean;
  /** Whether a span of ours was recorded. A sampler may have dropped them all. */
  recorded: boolean;
  /** Whether it is flushed when the program ends. */
  flushesAtEnd: boolean;
  /** Its shutdown, once that has begun. */
  shutdown?: unknown;
  /** The listeners of the provider. The module that wraps its methods keeps them. */
  listeners(): readonly ProgramEndListener[];
}

const states = new WeakMap<object, SendState>();
const providers = new Set<WeakRef<object>>();
let listeningForEnd = false;
let sawUncaughtError = false;
/** Whether we have reported that nothing can be sent to the collector. */
let reportedRefusal = false;

export function sendStateOf(provider: object): SendState {
  const state = states.get(provider) ?? {
    unsent: false,
    recorded: false,
    flushesAtEnd: false,
    listeners: () => [],
  };
  states.set(provider, state);
  return state;
}

/** Like {@link sendStateOf}, and flushes the provider when the program ends. */
export function flushAtProgramEnd(provider: object): SendState {
  const state = sendStateOf(provider);
  if (state.flushesAtEnd || typeof field(provider, 'forceFlush') !== 'function') return state;
  state.flushesAtEnd = true;
  for (const each of providers) if (each.deref() === undefined) providers.delete(each);
  providers.add(new WeakRef(provider));
  listenForEnd();
  return state;
}

function listenForEnd(): void {
  if (listeningForEnd) return;
  listeningForEnd = true;
  onceProcess('beforeExit', sendUnsent);
  // Changes nothing of what the error does to the program.
  onceProcess('uncaughtExceptionMonitor', seeUncaughtError);
  // No span has started yet, so this comes before the views print what has ended.
  atExit(endOpenSpans);
  atExit(() => guard('counting lost spans', reportLostSpans), { last: true });
}

function seeUncaughtError(): void {
  sawUncaughtError = true;
}

function sendUnsent(): void {
  void guardAsync('flushing', endAndSend);
}

/**
 * Sends the remaining spans when the program ends by itself. It runs once: work that the program starts later, in its
 * own `beforeExit` listener, is not awaited.
 */
async function endAndSend(): Promise<void> {
  const unsent = live().filter((provider) => states.get(provider)?.unsent === true);
  if (unsent.length === 0) return;
  // Only the flush makes these requests: without it, the program would end here.
  const stop = unrefRequestsTo(unsent.flatMap(processorsOf).flatMap(zipkinEndpointsIn));
  // What a sink does keeps the program from ending by itself: by now it is over, or never will be.
  await endWithin(FLUSH_TIMEOUT_MS, unsent, { reads: true, sinks: false });
  stop();
}

/**
 * Ends all open spans and sends everything. Resolves after the given time at the latest.
 *
 * @param options.reads whether to read how things ended that are in progress
 * @param options.sinks whether to wait for `async` sinks
 */
export function endWithin(
  milliseconds: number,
  flushed: readonly object[],
  { reads, sinks }: { readonly reads: boolean; readonly sinks: boolean },
): Promise<void> {
  const limits: EndLimits = { reads, readTimeoutMs: END_READ_TIMEOUT_MS };
  return within(milliseconds, async () => {
    const listeners = await prepareForEnd(flushed, (listener) => listener.shutdown(limits));
    // Exporters that are refused retry until their timeout, and keep the process alive meanwhile.
    const targets = new Set([...flushed.flatMap(processorsOf), ...otherProvidersOf(listeners)]);
    const recorded = flushed.some(
      (provider) => states.get(provider)?.recorded || countQueuedSpans(provider) > 0,
    );
    const reachable = await withoutRefused([...targets], recorded);
    const flushing = flushAll(reachable, recorded ? reportFailure : undefined);
    await Promise.all([flushing, sinks ? sinksSettled() : undefined]);
  });
}

/** Reports what a collector has not answered when a signal is about to end the program: there will be no `exit` event. */
export function reportUnanswered(flushed: readonly object[]): void {
  const [unanswered] = flushed
    .flatMap(processorsOf)
    .filter((processor) => isSending(processor) || countQueuedSpans(processor) > 0)
    .flatMap((processor) => endpointsIn(processor));
  if (unanswered !== undefined) reportUnsent(unanswered, NO_ANSWER);
}

/**
 * Ends idle conversations and sends everything recorded, while the program continues.
 *
 * @param flushed default: all that we have recorded with
 * @param others what else to flush
 */
export function sendWithin(
  milliseconds: number,
  flushed: readonly object[] = live(),
  limits: EndLimits = {},
  others: readonly object[] = [],
): Promise<void> {
  return within(milliseconds, async () => {
    const listeners = await prepareForEnd(
      flushed,
      (listener) => listener.endIdle?.(limits) ?? Promise.resolve(),
    );
    const targets = new Set([...flushed, ...otherProvidersOf(listeners), ...others]);
    // Sinks need no provider.
    await Promise.all([flushAll(targets), sinksSettled()]);
  });
}

function within(milliseconds: number, run: () => Promise<void>): Promise<void> {
  return settledWithin(milliseconds, [guardAsync('flushing', run)]);
}

async function prepareForEnd(
  flushed: readonly object[],
  run: (listener: ProgramEndListener) => Promise<void>,
): Promise<ProgramEndListener[]> {
  const listeners = new Set(flushed.flatMap((provider) => states.get(provider)?.listeners() ?? []));
  await Promise.all([...listeners].map((each) => guardAsync('ending open spans', () => run(each))));
  return [...listeners];
}

function otherProvidersOf(listeners: readonly ProgramEndListener[]): Set<object> {
  return new Set(listeners.flatMap(({ otherProviders = [] }) => otherProviders));
}

/**
 * The targets without those that can send to none of their endpoints. That is reported for the traces, or for the metrics
 * of a program without recorded spans.
 */
async function withoutRefused(targets: readonly object[], recordedSpans: boolean): Promise<object[]> {
  const failures = await Promise.all(targets.map(targetFailure));
  const isReported = recordedSpans ? isTraceTarget : isMeterProvider;
  const failure = failures.find((each, index) => each !== undefined && isReported(targets[index]));
  if (failure !== undefined) {
    reportedRefusal = recordedSpans;
    reportUnsent(failure.endpoint, failure.reason, recordedSpans ? 'traces' : 'metrics');
  }
  return targets.filter((_, index) => failures[index] === undefined);
}

/** Why a target can send to none of its endpoints. */
async function targetFailure(target: object): Promise<SendFailure | undefined> {
  const failures = await Promise.all(
    endpointsIn(target).map((each) =>
      hasJustTimedOut(each) ? { endpoint: each, reason: NO_ANSWER } : sendFailureOf(each, process.env),
    ),
  );
  return failures.includes(undefined) ? undefined : failures[0];
}

function isMeterProvider(target: unknown): boolean {
  return typeof field(target, 'getMeter') === 'function';
}

/** Tracer providers and span processors have the methods of neither other provider. */
function isTraceTarget(target: unknown): boolean {
  return !isMeterProvider(target) && typeof field(target, 'getLogger') !== 'function';
}

async function flushAll(
  targets: Iterable<object>,
  failed?: (target: object, error: unknown) => void,
): Promise<void> {
  const flush = (target: object): Promise<void> =>
    flushAtEnd(target).catch((error) => {
      failed?.(target, error);
      throw error;
    });
  await Promise.all([...targets].map((target) => guardAsync('flushing', () => flush(target))));
}

/** The exporters of `…/register` have reported by then. */
function reportFailure(target: object, error: unknown): void {
  const [endpoint] = isTraceTarget(target) ? endpointsIn(target) : [];
  if (endpoint !== undefined) reportUnsent(endpoint, failureReason(error));
}

/** Batching processors do not wait for a batch that they have handed to their exporter before. */
async function flushAtEnd(target: object): Promise<void> {
  try {
    // The SDK logs a warning if it is flushed afterwards. The program may shut its providers down while we end.
    await (states.get(target)?.shutdown ?? forceFlush(target));
  } finally {
    await Promise.all(processorsOf(target).map((each) => forceFlush(exporterOf(each))));
  }
}

async function forceFlush(target: unknown): Promise<void> {
  const method = field(target, 'forceFlush');
  if (typeof method === 'function') await method.call(target);
}

function live(): object[] {
  return [...providers].flatMap((each) => each.deref() ?? []);
}

/** Spans that had ended when the program did, and were not sent. */
let endedBeforeExit = 0;

/** Runs at exit, for the views and the count of lost spans: after `process.exit()`, calls and runs are still open. */
function endOpenSpans(): void {
  endedBeforeExit = countLostSpans();
  const listeners = new Set(live().flatMap((provider) => states.get(provider)?.listeners() ?? []));
  for (const each of listeners) guard('ending open spans', () => each.endAll?.());
}

/** Runs at exit: after `process.exit()` or an uncaught error, nothing can be sent any more. */
function reportLostSpans(): void {
  if (reportedRefusal) return;
  const lost = countLostSpans();
  const [spans, them, were] =
    lost === 1 ? ['1 span was', 'it', 'it was'] : [`${lost} spans were`, 'them', 'they were'];
  const unanswered = live().flatMap(processorsOf).find(isSending);
  const isOpen = lost > 0 && endedBeforeExit === 0;
  const problem =
    lost > 0
      ? `${spans} lost because the program ended ${isOpen ? `while ${were} still open` : `before sending ${them}`}`
      : unanswered && `spans may be lost because the program ended before ${addressOf(unanswered)} answered`;
  if (problem === undefined) return;
  // What is in progress is not flushed.
  const first = isOpen ? 'let what is in progress end, or abort it, and ' : '';
  const uncaught = sawUncaughtError ? ' If an uncaught error ended it, catch that first.' : '';
  printToStderr(`${problem}. Before process.exit(), ${first}await flush() of ${NAME}/client.${uncaught}`);
}

function countLostSpans(): number {
  return live().reduce((sum, provider) => sum + countQueuedSpans(provider), 0);
}

function addressOf(processor: object): string {
  const [endpoint] = endpointsIn(processor);
  return endpoint === undefined ? 'the collector' : addressWithoutSecrets(endpoint);
}
