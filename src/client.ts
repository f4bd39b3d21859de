import { metrics, trace } from '@opentelemetry/api';
import type { OpenAIInstrumentationConfig } from './config/config.ts';
import { isSwitchedOff } from './config/environment.ts';
import { logFindingsEarly, logMistakesAtExit } from './diagnostics/report.ts';
import { observerFor } from './pipeline/client-observers.ts';
import {
  addClientObserver,
  addDefaultObserver,
  processObserver,
  removeDefaultObserver,
} from './pipeline/default-observers.ts';
import { reportMissingProvider } from './pipeline/missing-provider.ts';
import type { Observer } from './pipeline/observer.ts';
import {
  clientOfResources,
  findClientClass,
  findClientPrototype,
  findSubclassPrototype,
  isClient,
} from './sdk/find-client.ts';
import { seamsIn } from './sdk/observed-classes.ts';
import type { PatchedClass } from './sdk/patches.ts';
import { Seam } from './sdk/seam.ts';
import { globalLoggerProvider } from './telemetry/events/log-records.ts';
import { sendWithin } from './telemetry/program-end/program-end.ts';
import { knownProviders } from './telemetry/program-end/provider-life.ts';
import { guard, warnOnce } from './util/guard.ts';
import { providerBehind } from './util/otel-api.ts';

export type { MaskedKind } from './config/config.ts';
export { type Evaluation, recordEvaluation } from './helpers/evaluation.ts';
export { recordSessionTraces } from './helpers/session-traces.ts';
export {
  type MetadataOptions,
  span,
  type TracedDecorator,
  type TracedOptions,
  traced,
  withConversation,
  withMetadata,
} from './helpers/traced.ts';
export { maskingHook, maskText } from './telemetry/masking/hook.ts';
export type { MaskingOptions } from './telemetry/masking/mask-text.ts';
export type { PromptMetadata, TraceMetadata } from './telemetry/metadata.ts';
export type * from './types.ts';

const DEFAULTS: OpenAIInstrumentationConfig = {};

/** For each seam, the observer that was added last for all its clients. */
const newestObservers = new WeakMap<PatchedClass, Observer>();

/**
 * Instruments `openai` without module hooks: for bundled programs, Bun, Deno and Workers. Never throws; an
 * unknown target is left unchanged and logged as a warning through `diag`.
 *
 * @param target a client, to instrument this client alone; a subclass, to instrument its clients; the
 *   `OpenAI` class or the module namespace, to instrument all clients and apply the options to `traced` and
 *   similar functions; a class such as `ResponsesWS` or `ResponsesToolRunner`, or its module, to instrument
 *   all of its sockets or loops, which a client does not include
 * @param config options; environment variables and defaults apply to options that are not set. Without options,
 *   those of an `OpenAIInstrumentation` that was created before apply. Clients with equal options share their
 *   conversations, even if a server creates a client for each request
 * @returns the target itself
 */
export function instrumentOpenAI<Target>(target: Target, config?: OpenAIInstrumentationConfig): Target {
  // JavaScript programs may pass `null`, which means no options.
  guard('instrumenting a client', instrument, target, config ?? DEFAULTS);
  return target;
}

/** The default timeout of OpenTelemetry's exporters. */
const CLIENT_FLUSH_TIMEOUT_MS = 10_000;

/**
 * Sends all recorded spans, metrics and events, and waits for `async` sinks. Await it before `process.exit()`, and at the
 * end of each invocation of a serverless function. Unlike a provider's `forceFlush()`, it first ends the span of every
 * idle conversation, and of every call whose answer has arrived and was not awaited. Waits 10 seconds at most. Never
 * rejects.
 */
export function flush(): Promise<void> {
  // Another copy of this package may have recorded through the global providers.
  const others = guard('flushing', globalProviders) ?? [];
  return sendWithin(CLIENT_FLUSH_TIMEOUT_MS, [...knownProviders(), ...others]);
}

function globalProviders(): readonly object[] {
  const logs = globalLoggerProvider();
  const others = [providerBehind(trace.getTracerProvider()), metrics.getMeterProvider()];
  return logs === undefined ? others : [...others, logs];
}

function instrument(target: unknown, config: OpenAIInstrumentationConfig): void {
  if (isSwitchedOff()) return;
  const prototype = findClientPrototype(target);
  const seams = [...seamsIn(target, 'socket'), ...seamsIn(target, 'loop')];
  if (prototype === undefined && seams.length === 0) {
    warnOnce(
      'unknown target',
      'instrumentOpenAI ignored its target: expected a client, a client or socket class, or a module of openai.',
    );
    return;
  }
  // Without options, those of the process apply: they may mask content, or forbid it.
  const ofProcess = config === DEFAULTS ? processObserver() : undefined;
  const observer = ofProcess ?? observerFor(config);
  reportMissingProvider();
  logFindingsEarly();
  logMistakesAtExit();
  for (const seam of seams) observeAll(seam, observer);
  if (prototype === undefined) addClientObserver(observer);
  else if (isClient(target)) instrumentClient(Seam.of(prototype), target, observer);
  else instrumentClass(Seam.of(prototype), findClientClass(target), observer);
}

function instrumentClient(seam: Seam, client: object, observer: Observer): void {
  seam.observeClient(client, observer);
  addClientObserver(observer);
  const inner = clientOfResources(client);
  if (clientOfResources(client) !== inner)
    warnOnce(
      'wrapped client',
      'instrumentOpenAI cannot find the client inside of a proxy. Pass the client to it first, and then wrap the client.',
    );
}

function instrumentClass(seam: Seam, target: unknown, observer: Observer): void {
  const subclass = findSubclassPrototype(target);
  if (subclass !== undefined) {
    seam.observeClass(subclass, observer);
    addClientObserver(observer);
  } else if (observer.isOfProcess) {
    if (!newestObservers.has(seam)) seam.addDefault(observer);
  } else {
    const replaced = observeAll(seam, observer);
    // The options for all clients also apply to `traced` and similar functions.
    if (replaced !== undefined && replaced !== observer) removeDefaultObserver(replaced);
    addDefaultObserver(observer);
  }
  seam.watchResources(target);
}

/**
 * The newest observer replaces the one before: a program may call `instrumentOpenAI` with the class on each request.
 *
 * @returns the one before
 */
function observeAll(seam: PatchedClass, observer: Observer): Observer | undefined {
  const newest = newestObservers.get(seam);
  if (newest === observer) return newest;
  seam.addDefault(observer);
  newestObservers.set(seam, observer);
  if (newest !== undefined) seam.removeDefault(newest);
  return newest;
}
