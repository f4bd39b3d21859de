import type { Context } from '@opentelemetry/api';
import { resolveSettings } from '../config/config.ts';
import { isSwitchedOff } from '../config/environment.ts';
import type { LocalPlace } from '../telemetry/program-operation.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { guard } from '../util/guard.ts';
import { ProcessWide } from '../util/process-state.ts';
import { VERSION } from '../util/version.ts';
import type { Observer } from './observer.ts';

/** Observers of all clients in the process, the newest last; shared by all copies of this release. */
export const defaultObservers: ProcessWide<Set<Observer>> = new ProcessWide(
  `observers@${VERSION}`,
  () => new Set(),
);

/** Whether there has ever been a default observer. Without any, the environment's settings apply. */
let hasBeenObserved = false;

export function addDefaultObserver(observer: Observer): void {
  hasBeenObserved = true;
  defaultObservers.value.add(observer);
}

/** The newest observer of a single client. It is held weakly; the client keeps it alive. */
let ofClient: WeakRef<Observer> | undefined;

export function addClientObserver(observer: Observer): void {
  ofClient = new WeakRef(observer);
}

/**
 * Finds the place in the hierarchy for a function of the program that runs inside `withConversation`. The newest
 * default observer decides. Without one, the newest observer of a single client does.
 */
export function placeOfFunction(context: Context, startTime: number): LocalPlace | undefined {
  const observer = newestDefault() ?? ofClient?.deref();
  return observer?.placeFunction(context, startTime);
}

function newestDefault(): Observer | undefined {
  let newest: Observer | undefined;
  for (const observer of defaultObservers.value) newest = observer;
  return newest;
}

/** Prepares all default observers. Also called for a client with its own settings, whose calls they do not see. */
export function prepareDefaultObservers(): void {
  for (const observer of defaultObservers.value) guard('preparing for a call', () => observer.prepare());
}

let byEnvironment: Telemetry | undefined;

/**
 * The telemetry for the program's own functions: that of the newest default observer or, if there has never
 * been one, one with the settings of the environment.
 *
 * @returns `undefined` if the instrumentation is switched off or disabled
 */
export function defaultTelemetry(): Telemetry | undefined {
  prepareDefaultObservers();
  const newest = newestDefault();
  if (newest !== undefined) return newest.telemetry;
  if (hasBeenObserved || isSwitchedOff()) return undefined;
  byEnvironment ??= new Telemetry(resolveSettings({}, () => undefined));
  return byEnvironment;
}

/** Resets the state, so that a test can continue as if in a new process. */
export function forgetDefaultObservers(): void {
  hasBeenObserved = false;
}
