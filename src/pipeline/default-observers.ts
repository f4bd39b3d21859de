import type { Context } from '@opentelemetry/api';
import { resolveSettings } from '../config/config.ts';
import { isSwitchedOff } from '../config/environment.ts';
import type { LocalPlace } from '../telemetry/program-operation.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { guard } from '../util/guard.ts';
import { ProcessWide } from '../util/process-state.ts';
import { VERSION } from '../util/version.ts';

/** The part of an observer that the helpers for the program's own code use. */
export interface DefaultObserver {
  readonly telemetry: Telemetry;
  /** Called before anything is recorded. `…/register` sets up OpenTelemetry here. */
  prepare(): void;
  /** Finds the place in the hierarchy for a function of the program that runs inside `withConversation`. */
  placeFunction(context: Context, startTime: number): LocalPlace | undefined;
}

/** Observers of all clients in the process, the newest last; shared by all copies of this release. */
const observers = new ProcessWide(`observers@${VERSION}`, () => new Set<DefaultObserver>());

export function addDefaultObserver(observer: DefaultObserver): void {
  observers.value.add(observer);
}

export function removeDefaultObserver(observer: DefaultObserver): void {
  observers.value.delete(observer);
}

/** The newest observer of a single client. It is held weakly; the client keeps it alive. */
let ofClient: WeakRef<DefaultObserver> | undefined;

export function addClientObserver(observer: DefaultObserver): void {
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

function newestDefault(): DefaultObserver | undefined {
  let newest: DefaultObserver | undefined;
  for (const observer of observers.value) newest = observer;
  return newest;
}

let byEnvironment: Telemetry | undefined;

/** Prepares all default observers. Also called for a client with its own settings, whose calls they do not see. */
export function prepareDefaultObservers(): void {
  for (const observer of observers.value) guard('preparing for a call', () => observer.prepare());
}

/**
 * Returns the telemetry for the program's own functions. It belongs to the newest default observer. Without one, it is
 * created once, with the settings of the environment.
 *
 * @returns `undefined` if the instrumentation is switched off
 */
export function defaultTelemetry(): Telemetry | undefined {
  prepareDefaultObservers();
  const newest = newestDefault();
  if (newest !== undefined) return newest.telemetry;
  if (isSwitchedOff()) return undefined;
  byEnvironment ??= new Telemetry(resolveSettings({}, () => undefined));
  return byEnvironment;
}
