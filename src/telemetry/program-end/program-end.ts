import { addressWithoutSecrets } from '../../config/otlp.ts';
import { builtIn } from '../../util/built-in.ts';
import { failureReason, NO_ANSWER } from '../../util/export-result.ts';
import { guard, guardAsync } from '../../util/guard.ts';
import { countQueuedSpans, endpointsOf, exportersOf, isSending, processorsOf } from '../../util/otel-sdk.ts';
import { field } from '../../util/payload.ts';
import { atExit, onceProcess } from '../../util/process-events.ts';
import { printToStderr } from '../../util/text-stream.ts';
import { NAME } from '../../util/version.ts';
import { settledWithin } from '../../util/wait.ts';
import { sinksSettled } from '../events/sink.ts';
import {
  type EndLimits,
  knownProviders,
  lifeOf,
  lives,
  type ProviderLife,
  type ProviderListener,
} from './provider-life.ts';
import { reportUnsent, whyUnreachable } from './unsent.ts';

/** How long an ending program waits at most until everything is sent. */
export const FLUSH_TIMEOUT_MS = 2_000;
/** How much of that time our own GET requests to the API may take. */
const END_READ_TIMEOUT_MS = 1_500;

let isListening = false;
/** Whether it was reported at the end that spans could not be sent. If so, lost spans are not reported again. */
let hasReportedTraces = false;

/** Arranges for a provider to be flushed when the program ends, if it has a `forceFlush()`. */
export function flushAtProgramEnd(provider: object): ProviderLife {
  if (!isListening && canFlush(provider)) {
    isListening = true;
    onceProcess('beforeExit', sendUnsent);
    // No span has started yet, so this listener comes before those with which the views print what has ended.
    atExit(endOpenSpans);
    atExit(reportLostSpans, { last: true });
  }
  return lifeOf(provider);
}

function canFlush(provider: object): boolean {
  return typeof field(provider, 'forceFlush') === 'function';
}

/** At `beforeExit`, when the program ends by itself: sends what is left. */
function sendUnsent(): void {
  void guardAsync('flushing', async () => {
    const unsent = knownProviders().filter((provider) => canFlush(provider) && lifeOf(provider).unsent);
    if (unsent.length === 0) return;
    const release = releasesProcess();
    await endAndSend(unsent, false);
    release();
  });
}

/**
 * Notes all timers that are started from now on, while nothing else keeps the process alive.
 *
 * @returns lets the process end without waiting for these timers or for open sockets
 */
function releasesProcess(): () => void {
  const timers = new Set<unknown>();
  const hook = builtIn('node:async_hooks')
    ?.createHook?.({
      init(_, type, __, resource) {
        if (type === 'Timeout') timers.add(resource);
      },
    })
    .enable();
  return () => {
    hook?.disable();
    const activeHandles = field(process, '_getActiveHandles');
    const handles: unknown[] = typeof activeHandles === 'function' ? activeHandles.call(process) : [];
    for (const each of [...timers, ...handles]) (each as { unref?: () => void }).unref?.();
  };
}

/**
 * At `beforeExit` and at the end by a signal: ends all open spans and sends everything, in {@link FLUSH_TIMEOUT_MS}.
 * Reports an endpoint that did not accept the spans. After a signal, the API is not asked how operations have ended.
 * `async` sinks are awaited only then: a working sink keeps the program alive, so by `beforeExit` it has finished or never
 * will.
 */
export async function endAndSend(providers: readonly object[], bySignal: boolean): Promise<void> {
  const limits = { reads: !bySignal, readTimeoutMs: END_READ_TIMEOUT_MS };
  const sending = new Set<object>();
  const report = (processor: object, reason: string): void => {
    const [endpoint] = endpointsOf(processor);
    // Nothing is lost if a sampler has dropped all spans.
    const hasSpans = providers.some((each) => lifeOf(each).recorded || countQueuedSpans(each) > 0);
    if (endpoint === undefined || !hasSpans) return;
    hasReportedTraces = true;
    reportUnsent(endpoint, reason);
  };
  const send = (provider: object): Promise<unknown> =>
    Promise.all(
      processorsOf(provider).map(async (target) => {
        // Providers of metrics and logs have no span processors.
        const isProcessor = target !== provider;
        if (isProcessor) sending.add(target);
        const reason = await trySending(target);
        sending.delete(target);
        // At once: the program may be killed while others still send.
        if (isProcessor && reason !== undefined) report(target, reason);
      }),
    );
  await finishWithin(FLUSH_TIMEOUT_MS, providers, (listener) => listener.shutdown(limits), send, bySignal);
  for (const processor of sending) report(processor, NO_ANSWER);
}

/** @returns why the target could not send; `undefined` if it has sent everything */
async function trySending(target: object): Promise<string | undefined> {
  const reasons = await Promise.all(endpointsOf(target).map(whyUnreachable));
  // If all endpoints are unreachable, do not flush: the exporters would retry until their timeout.
  if (reasons[0] !== undefined && !reasons.includes(undefined)) return reasons[0];
  return flushFully(target).then(() => undefined, failureReason);
}

/** For `flush()` and signals that the program survives: ends idle conversations and sends everything recorded. */
export function sendWithin(
  milliseconds: number,
  providers: readonly object[],
  limits: EndLimits = {},
): Promise<void> {
  return finishWithin(milliseconds, providers, (listener) => listener.endIdle?.(limits), flushFully);
}

/** Lets the listeners of the providers finish their work, and then sends what the providers hold. */
function finishWithin(
  milliseconds: number,
  providers: readonly object[],
  finish: (listener: ProviderListener) => Promise<void> | undefined,
  send: (provider: object) => Promise<unknown>,
  sinks = true,
): Promise<void> {
  const run = async (): Promise<void> => {
    const listeners = listenersOf(providers);
    await Promise.all(listeners.map((each) => guardAsync('ending open spans', async () => finish(each))));
    const all = new Set([...providers, ...listeners.flatMap(({ otherProviders = [] }) => otherProviders)]);
    const sending = [...all].map((each) => guardAsync('flushing', async () => void (await send(each))));
    // Sinks belong to no provider, so all of them are awaited.
    await Promise.all([...sending, sinks ? sinksSettled() : undefined]);
  };
  return settledWithin(milliseconds, [guardAsync('flushing', run)]);
}

function listenersOf(providers: readonly object[]): ProviderListener[] {
  return [...new Set(providers.flatMap((provider) => lives.get(provider)?.listeners ?? []))];
}

/** Flushes exporters, too: a batching processor does not wait for a batch that it has already given its exporter. */
async function flushFully(target: object): Promise<void> {
  try {
    // If the program has shut the provider down, wait for that: a flush afterwards makes the SDK log a warning.
    await (lives.get(target)?.shutdown ?? forceFlush(target));
  } finally {
    await Promise.all(processorsOf(target).flatMap(exportersOf).map(forceFlush));
  }
}

async function forceFlush(target: unknown): Promise<void> {
  const method = field(target, 'forceFlush');
  if (typeof method === 'function') await method.call(target);
}

/** At exit, also after `process.exit()`: ends what is open, so that views print it and lost spans are counted. */
function endOpenSpans(): void {
  for (const each of listenersOf(knownProviders().filter(canFlush)))
    guard('ending open spans', () => each.endAll?.());
}

/** At exit: after `process.exit()` or an uncaught error, nothing can be sent any more. */
function reportLostSpans(): void {
  if (hasReportedTraces) return;
  const ours = knownProviders().filter((provider) => lifeOf(provider).recorded || lifeOf(provider).unsent);
  const lost = ours.reduce((sum, provider) => sum + countQueuedSpans(provider), 0);
  const sending = ours.flatMap(processorsOf).find(isSending);
  if (lost === 0 && sending === undefined) return;
  const [endpoint] = sending === undefined ? [] : endpointsOf(sending);
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
