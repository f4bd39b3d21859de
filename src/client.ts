import type { OpenAIInstrumentationConfig } from './config/config.ts';
import { isSwitchedOff } from './config/kill-switch.ts';
import { Observer } from './pipeline/observer.ts';
import {
  addDefaultObserver,
  prepareDefaultObservers,
  removeDefaultObserver,
} from './pipeline/observer-registry.ts';
import { findClientClass, findClientPrototype, isClient } from './sdk/find-client.ts';
import { Seam } from './sdk/seam.ts';
import { sendWithin } from './telemetry/program-end.ts';
import { guard, warnOnce } from './util/guard.ts';

export {
  span,
  type TracedDecorator,
  type TracedOptions,
  traced,
  withConversation,
  withMetadata,
} from './helpers/traced.ts';
export type { TraceMetadata } from './telemetry/metadata.ts';
export type * from './types.ts';

/** One observer for each configuration object, however many clients it is used for. */
const ownObservers = new WeakMap<OpenAIInstrumentationConfig, Observer>();
const DEFAULTS: OpenAIInstrumentationConfig = {};

/** The observers of all clients of a seam. */
interface Given {
  readonly newest: Observer;
  readonly known: WeakSet<Observer>;
}
const observersBySeam = new WeakMap<Seam, Given>();

/**
 * Instruments `openai` without module hooks: for bundled programs, Bun, Deno and Workers.
 *
 * @param target a client (only its calls are observed, with these options), the `OpenAI` class or a subclass,
 *   or the namespace of the module (every client of it)
 * @param config options; the environment variables and defaults hold for the rest
 * @returns the target itself
 */
export function instrumentOpenAI<Target>(
  target: Target,
  config: OpenAIInstrumentationConfig = DEFAULTS,
): Target {
  guard('instrumenting a client', instrument, target, config);
  return target;
}

/** How long {@link flush} waits, in milliseconds: as long as OpenTelemetry's exporters by default. */
const CLIENT_FLUSH_TIMEOUT_MS = 10_000;

/**
 * Sends everything that is recorded: for functions that freeze after each invocation, and before `process.exit()`. Unlike
 * the `forceFlush()` of a provider it also ends every conversation that has nothing under way. Never rejects.
 */
export function flush(): Promise<void> {
  return sendWithin(CLIENT_FLUSH_TIMEOUT_MS);
}

function instrument(target: unknown, config: OpenAIInstrumentationConfig): void {
  if (isSwitchedOff()) return;
  const prototype = findClientPrototype(target);
  if (prototype === undefined) {
    warnOnce(
      'unknown target',
      'instrumentOpenAI was given something that is no client, client class or module of openai; it does nothing.',
    );
    return;
  }
  let observer = ownObservers.get(config);
  if (observer === undefined) {
    observer = new Observer(config, { beforeFirstCall: prepareDefaultObservers });
    ownObservers.set(config, observer);
  }
  observer.reportProblems();
  const seam = Seam.of(prototype);
  if (isClient(target)) seam.observeClient(target, observer);
  else {
    observeAll(seam, observer);
    seam.watchResources(findClientClass(target));
  }
}

/** Only the newest counts, so that the one before gives way: a program may hand over the class for each request. */
function observeAll(seam: Seam, observer: Observer): void {
  const { newest, known } = observersBySeam.get(seam) ?? {
    newest: undefined,
    known: new WeakSet<Observer>(),
  };
  if (known.has(observer)) return;
  addDefaultObserver(observer);
  seam.addDefault(observer);
  observersBySeam.set(seam, { newest: observer, known: known.add(observer) });
  if (newest === undefined) return;
  removeDefaultObserver(newest);
  seam.removeDefault(newest);
}
