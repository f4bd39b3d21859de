import { addressWithoutSecrets } from '../../config/otlp.ts';
import { builtIn } from '../../util/built-in.ts';
import { guard, guardAsync } from '../../util/guard.ts';
import { countQueuedSpans, endpointsOf, exportersOf, isSending, processorsOf } from '../../util/otel-sdk.ts';
import { field } from '../../util/payload.ts';
import { atExit, onceProcess } from '../../util/process-events.ts';
import { printToStderr } from '../../util/text-stream.ts';
import { NAME } from '../../util/version.ts';
import { settledWithin } from '../../util/wait.ts';
import { sinksSettled } from '../events/sink.ts';
import { type EndLimits, lifeOf, type ProviderLife, type ProviderListener } from './provider-life.ts';
import {
  failureReason,
  hasJustTimedOut,
  isRefused,
  NO_ANSWER,
  REFUSED_CONNECTION,
  reportUnsent,
} from './unsent.ts';

/** How long an ending program waits at most until everything is sent. */
export const FLUSH_TIMEOUT_MS = 2_000;
/** How much of that time our own GET requests to the API may take. */
const END_READ_TIMEOUT_MS = 1_500;

/** The providers that are flushed when the program ends. */
const providers = new Set<WeakRef<object>>();
let isListening = false;
/** Whether it was reported at the end that spans could not be sent. If so, lost spans are not reported again. */
let hasReportedTraces = false;

/**
 * Arranges, once per provider, for it to be flushed when the program ends. Does nothing if it has no `forceFlush()`.
 */
export function flushAtProgramEnd(provider: object): ProviderLife {
  const life = lifeOf(provider);
  if (life.flushesAtEnd || typeof field(provider, 'forceFlush') !== 'function') return life;
  life.flushesAtEnd = true;
  for (const each of providers) if (each.deref() === undefined) providers.delete(each);
  providers.add(new WeakRef(provider));
  if (!isListening) listenForEnd();
  isListening = true;
  return life;
}

function listenForEnd(): void {
  onceProcess('beforeExit', sendUnsent);
  // No span has started yet, so this listener comes before those with which the views print what has ended.
  atExit(endOpenSpans);
  atExit(() => guard('counting lost spans', reportLostSpans), { last: true });
}

function sendUnsent(): void {
  void guardAsync('flushing', endAndSend);
}

/** Sends the remaining spans when the program ends by itself. */
async function endAndSend(): Promise<void> {
  const unsent = liveProviders().filter((provider) => lifeOf(provider).unsent);
  if (unsent.length === 0) return;
  const release = releasesProcess();
  // Do not wait for sinks: a working sink keeps the program alive, so by now it has finished or never will.
  await endWithin(FLUSH_TIMEOUT_MS, unsent, { reads: true, sinks: false });
  release();
}

/**
 * Notes all timers that are started from now on. Called when nothing else keeps the process alive.
 *
 * @returns a function that lets the process end without waiting for these timers or for open sockets
 */
function releasesProcess(): () => void {
  const { createHook } = builtIn('node:async_hooks') ?? {};
  const timers = new Set<unknown>();
  const hook = createHook?.({
    init(_, type, __, resource) {
      if (type === 'Timeout') timers.add(resource);
    },
  }).enable();
  return () => {
    hook?.disable();
    const activeHandles = field(process, '_getActiveHandles');
    const handles: unknown[] = typeof activeHandles === 'function' ? activeHandles.call(process) : [];
    for (const each of [...timers, ...handles]) (each as { unref?: () => void }).unref?.();
  };
}

/**
 * Ends all open spans and sends everything. Resolves after the given time at the latest. Reports an endpoint that did
 * not accept the spans.
 *
 * @param options.reads whether to ask the API how operations in progress have ended
 * @param options.sinks whether to wait for `async` sinks
 */
export async function endWithin(
  milliseconds: number,
  flushed: readonly object[],
  { reads, sinks }: { readonly reads: boolean; readonly sinks: boolean },
): Promise<void> {
  const limits: EndLimits = { reads, readTimeoutMs: END_READ_TIMEOUT_MS };
  const sending = new Set<object>();
  const report = (target: object, reason: string): void => {
    const [endpoint] = endpointsOf(target);
    // Nothing is lost if the target takes no spans, or if a sampler has dropped all of them.
    const isLost = takesSpans(target) && flushed.some(hasRecorded);
    if (endpoint === undefined || !isLost) return;
    hasReportedTraces = true;
    reportUnsent(endpoint, reason);
  };
  const send = async (target: object): Promise<void> => {
    sending.add(target);
    const reasons = await Promise.all(endpointsOf(target).map(whyUnreachable));
    // If all endpoints are unreachable, do not flush: the exporters would retry until their timeout.
    if (reasons[0] !== undefined && !reasons.includes(undefined)) report(target, reasons[0]);
    else await flushAtEnd(target).catch((error) => report(target, failureReason(error)));
    sending.delete(target);
  };
  await within(milliseconds, async () => {
    const listeners = await prepareForEnd(flushed, (listener) => listener.shutdown(limits));
    const targets = [...flushed.flatMap(processorsOf), ...otherProvidersOf(listeners)];
    await Promise.all([...guardedEach(targets, send), sinks ? sinksSettled() : undefined]);
  });
  for (const target of sending) report(target, NO_ANSWER);
}

async function whyUnreachable(endpoint: string): Promise<string | undefined> {
  if (hasJustTimedOut(endpoint)) return NO_ANSWER;
  return (await isRefused(endpoint)) ? REFUSED_CONNECTION : undefined;
}

/**
 * Ends idle conversations and sends everything recorded, while the program continues.
 *
 * @param flushed the providers to flush. Default: all that we have recorded with
 * @param others further objects to flush
 */
export function sendWithin(
  milliseconds: number,
  flushed: readonly object[] = liveProviders(),
  limits: EndLimits = {},
  others: readonly object[] = [],
): Promise<void> {
  return within(milliseconds, async () => {
    const listeners = await prepareForEnd(flushed, async (listener) => listener.endIdle?.(limits));
    const targets = [...flushed, ...otherProvidersOf(listeners), ...others];
    // Sinks belong to no provider, so all of them are awaited.
    await Promise.all([...guardedEach(targets, flushAtEnd), sinksSettled()]);
  });
}

function within(milliseconds: number, run: () => Promise<void>): Promise<void> {
  return settledWithin(milliseconds, [guardAsync('flushing', run)]);
}

function guardedEach(targets: readonly object[], run: (target: object) => Promise<void>): Promise<void>[] {
  return [...new Set(targets)].map((target) => guardAsync('flushing', () => run(target)));
}

function listenersOf(flushed: readonly object[]): ProviderListener[] {
  return [...new Set(flushed.flatMap((provider) => lifeOf(provider).listeners))];
}

async function prepareForEnd(
  flushed: readonly object[],
  run: (listener: ProviderListener) => Promise<void>,
): Promise<ProviderListener[]> {
  const listeners = listenersOf(flushed);
  await Promise.all(listeners.map((each) => guardAsync('ending open spans', () => run(each))));
  return listeners;
}

function otherProvidersOf(listeners: readonly ProviderListener[]): object[] {
  return listeners.flatMap(({ otherProviders = [] }) => otherProviders);
}

/** Flushes exporters, too: a batching processor does not wait for a batch that it has already given its exporter. */
async function flushAtEnd(target: object): Promise<void> {
  try {
    // If the program is shutting the provider down, wait for that: a flush after a shutdown makes the SDK log a
    // warning.
    await (lifeOf(target).shutdown ?? forceFlush(target));
  } finally {
    await Promise.all(processorsOf(target).flatMap(exportersOf).map(forceFlush));
  }
}

async function forceFlush(target: unknown): Promise<void> {
  const method = field(target, 'forceFlush');
  if (typeof method === 'function') await method.call(target);
}

function liveProviders(): object[] {
  return [...providers].flatMap((each) => each.deref() ?? []);
}

function hasRecorded(provider: object): boolean {
  return lifeOf(provider).recorded || countQueuedSpans(provider) > 0;
}

/** Whether a target is a tracer provider or span processor. The other providers have `getMeter` or `getLogger`. */
function takesSpans(target: object): boolean {
  return typeof (field(target, 'getMeter') ?? field(target, 'getLogger')) !== 'function';
}

/**
 * Runs at exit. After `process.exit()`, calls and runs are still open. Their spans are ended, so that the views print
 * them and the lost spans are counted.
 */
function endOpenSpans(): void {
  for (const each of listenersOf(liveProviders())) guard('ending open spans', () => each.endAll?.());
}

/** Runs at exit: after `process.exit()` or an uncaught error, nothing can be sent any more. */
function reportLostSpans(): void {
  const lost = countLostSpans();
  const unanswered = liveProviders().flatMap(processorsOf).find(isSending);
  if (hasReportedTraces || (lost === 0 && unanswered === undefined)) return;
  const [endpoint] = unanswered === undefined ? [] : endpointsOf(unanswered);
  const collector = endpoint === undefined ? 'the collector' : addressWithoutSecrets(endpoint);
  const [spans, them] = lost === 1 ? ['1 span was', 'it'] : [`${lost} spans were`, 'them'];
  const problem =
    lost > 0
      ? `${spans} lost because the program ended before sending ${them}`
      : `spans may be lost because the program ended before ${collector} answered`;
  printToStderr(
    `${problem}. Before process.exit(), let what is in progress end, then await flush() of ${NAME}/client.`,
  );
}

function countLostSpans(): number {
  return liveProviders().reduce((sum, provider) => sum + countQueuedSpans(provider), 0);
}
