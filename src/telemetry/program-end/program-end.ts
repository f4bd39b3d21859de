/**
 * How a program ends, in this order:
 *
 * 1. With `register`, a signal arrives: `signals.ts` calls {@link sendWithin} or {@link endAndSend}.
 * 2. `beforeExit`, if the program ends by itself: {@link sendUnsent}.
 * 3. `exit`: {@link endOpenSpans}, and at last {@link sendLeftSpans}. With `register`, `exit-delivery.ts` sends them.
 *
 * `provider-life.ts` knows the providers and who listens to them, and `unsent.ts` the endpoints that fail.
 */

import { addressWithoutSecrets } from '../../config/otlp.ts';
import { failureReason, NO_ANSWER } from '../../util/failure-reason.ts';
import { guard, guardAsync } from '../../util/guard.ts';
import { countQueuedSpans, endpointsOf, exportersOf, isSending, processorsOf } from '../../util/otel-sdk.ts';
import { field } from '../../util/payload.ts';
import {
  atExit,
  isEndedByError,
  onceProcess,
  releasesProcess,
  watchUncaughtErrors,
} from '../../util/process-events.ts';
import { printToStderr } from '../../util/process-warning.ts';
import { NAME } from '../../util/version.ts';
import { settledWithin } from '../../util/wait.ts';
import { sinksSettled } from '../events/sink.ts';
import type { Delivered } from './exit-delivery.ts';
import {
  type EndLimits,
  knownProviders,
  lifeOf,
  lives,
  type ProviderLife,
  type ProviderListener,
} from './provider-life.ts';
import { hasJustTimedOut, refusalOf, reportUnsent } from './unsent.ts';

/** How long an ending program waits at most until everything is sent. */
export const FLUSH_TIMEOUT_MS = 2_000;
/** How much of that time our own GET requests to the API may take. */
const END_READ_TIMEOUT_MS = 1_500;
/** The limit for an endpoint that has just timed out. The program has already waited for that export. */
const FLUSH_AFTER_TIMEOUT_MS = 300;

let isListening = false;
/** Whether a message has already said why spans were not sent. */
let saidWhy = false;

export function flushAtProgramEnd(provider: object): ProviderLife {
  if (!isListening && typeof field(provider, 'forceFlush') === 'function') {
    isListening = true;
    onceProcess('beforeExit', sendUnsent);
    watchUncaughtErrors();
    // No span has started yet, so this listener runs before the viewers' listeners, which print ended spans.
    atExit(endOpenSpans);
  }
  return lifeOf(provider);
}

/** At `beforeExit`, when the program ends by itself: sends what is left. */
function sendUnsent(): void {
  void guardAsync('flushing', async () => {
    const unsent = knownProviders().filter((provider) => lifeOf(provider).unsent);
    if (unsent.length === 0) return;
    const release = releasesProcess();
    await endAndSend(unsent, false);
    await release();
  });
}

/**
 * At `beforeExit`, or when a signal ends the program: ends all open spans and sends everything within
 * {@link FLUSH_TIMEOUT_MS}. Reports an endpoint that fails. After a signal, the API is not asked how
 * operations ended.
 */
export async function endAndSend(providers: readonly object[], bySignal: boolean): Promise<void> {
  const limits = { reads: !bySignal && !hasJustTimedOut(), readTimeoutMs: END_READ_TIMEOUT_MS };
  const sending = new Set<object>();
  const report = (target: object, reason: string): void => {
    // Only processors of spans have `onEnd`.
    const [endpoint] = field(target, 'onEnd') === undefined ? [] : endpointsOf(target);
    // Nothing is lost if a sampler has dropped all spans.
    const hasSpans = providers.some((each) => lifeOf(each).recorded || countQueuedSpans(each) > 0);
    if (endpoint === undefined || !hasSpans) return;
    saidWhy = true;
    reportUnsent(endpoint, reason);
  };
  const send = async (target: object): Promise<void> => {
    sending.add(target);
    const endpoints = endpointsOf(target);
    const refusals = await Promise.all(endpoints.map(refusalOf));
    // If all endpoints refuse connections, do not flush: the exporters would retry until their timeout.
    const isRefused = refusals.length > 0 && !refusals.includes(undefined);
    const flushing = isRefused ? refusals[0] : flushFully(target).then(() => undefined, failureReason);
    const isSilent =
      endpoints.some(hasJustTimedOut) &&
      !(await settledWithin(FLUSH_AFTER_TIMEOUT_MS, [Promise.resolve(flushing)]));
    const reason = isSilent ? NO_ANSWER : await flushing;
    sending.delete(target);
    // At once: the program may be killed while others still send.
    if (reason !== undefined) report(target, reason);
  };
  await finishWithin(
    FLUSH_TIMEOUT_MS,
    providers,
    (listener) => listener.shutdown(limits),
    (provider) => Promise.all(processorsOf(provider).map(send)),
  );
  for (const target of sending) report(target, NO_ANSWER);
}

/** For `flush()` and signals that the program survives: ends idle conversations and sends everything recorded. */
export function sendWithin(
  milliseconds: number,
  providers: readonly object[],
  limits: EndLimits = {},
): Promise<void> {
  return finishWithin(milliseconds, providers, (listener) => listener.endIdle?.(limits), flushFully);
}

async function finishWithin(
  milliseconds: number,
  providers: readonly object[],
  finish: (listener: ProviderListener) => Promise<void> | undefined,
  send: (provider: object) => Promise<unknown>,
): Promise<void> {
  const run = async (): Promise<void> => {
    const listeners = listenersOf(providers);
    await Promise.all(listeners.map((each) => guardAsync('ending open spans', async () => finish(each))));
    const all = new Set([...providers, ...listeners.flatMap(({ otherProviders = [] }) => otherProviders)]);
    const sending = [...all].map((each) => guardAsync('flushing', async () => void (await send(each))));
    await Promise.all([...sending, sinksSettled()]);
  };
  await settledWithin(milliseconds, [guardAsync('flushing', run)]);
}

function listenersOf(providers: readonly object[]): ProviderListener[] {
  return [...new Set(providers.flatMap((provider) => lives.get(provider)?.listeners ?? []))];
}

/** Flushes exporters, too: a batching processor does not wait for batches that its exporter already has. */
async function flushFully(target: object): Promise<void> {
  try {
    // If the program has shut the provider down, wait for that: a later flush would log a warning.
    await (lives.get(target)?.shutdown ?? forceFlush(target));
  } finally {
    await Promise.all(processorsOf(target).flatMap(exportersOf).map(forceFlush));
  }
}

async function forceFlush(target: unknown): Promise<void> {
  const method = field(target, 'forceFlush');
  if (typeof method === 'function') await method.call(target);
}

/**
 * At exit, also after `process.exit()`: ends open spans, so that views print them and lost spans are counted.
 */
function endOpenSpans(): void {
  for (const each of listenersOf(knownProviders())) guard('ending open spans', () => each.endAll?.());
  // After all others, which may end more spans and print them.
  atExit(sendLeftSpans);
}

let deliver: (() => Delivered) | undefined;

/** @param send sends what waits in the processors of the SDK, without the event loop */
export function deliverAtExit(send: () => Delivered): void {
  deliver = send;
}

/** At exit, sends what was not flushed, if `register` has started the SDK. Reports the spans that are lost. */
function sendLeftSpans(): void {
  if (saidWhy) return;
  const { failures = [], takenOver = [] } = guard('sending at exit', () => deliver?.()) ?? {};
  for (const { url, reason } of failures) reportUnsent(url, reason);
  const ours = knownProviders().filter((provider) => lifeOf(provider).recorded || lifeOf(provider).unsent);
  const lost = ours.reduce((sum, provider) => sum + countQueuedSpans(provider), 0);
  const sending = ours
    .flatMap(processorsOf)
    .find((processor) => isSending(processor) && !takenOver.includes(processor));
  if (lost === 0 && sending === undefined) return;
  const [collector = 'the collector'] = endpointsOf(sending ?? {}).map(addressWithoutSecrets);
  const spans = lost === 1 ? '1 span was lost' : `${lost} spans were lost`;
  const end = isEndedByError() ? 'an uncaught error ended the program' : 'the program ended';
  const problem =
    lost > 0
      ? `${spans} because ${end} before the next export`
      : `spans may be lost because ${end} before ${collector} answered`;
  const remedy = isEndedByError() ? 'Catch the error' : 'Before process.exit(), let what is in progress end';
  printToStderr(`${problem}. ${remedy}, then await flush() of ${NAME}/client.`);
}
