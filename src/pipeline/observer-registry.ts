import { resolveSettings } from '../config/config.ts';
import { isSwitchedOff } from '../config/kill-switch.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { guard } from '../util/guard.ts';
import { isCollection, ProcessWide } from '../util/process-wide.ts';
import { VERSION } from '../util/version.ts';

/** The part of an observer that the helpers for the program's own code use. */
export interface DefaultObserver {
  readonly telemetry: Telemetry;
  /** Called before anything is recorded. `…/register` sets up OpenTelemetry here. */
  prepare(): void;
}

/** Observers of all clients in the process, the newest last; shared by all copies of this release. */
const observers = new ProcessWide<Set<DefaultObserver>>({
  name: 'observers',
  shape: VERSION,
  accepts: (value) => isCollection(Set, value),
  create: () => new Set(),
});

export function addDefaultObserver(observer: DefaultObserver): void {
  observers.value.add(observer);
}

export function removeDefaultObserver(observer: DefaultObserver): void {
  observers.value.delete(observer);
}

let byEnvironment: Telemetry | undefined;

/** Prepares all default observers, also for a client with settings of its own, whose calls they do not see. */
export function prepareDefaultObservers(): void {
  for (const observer of observers.value) guard('preparing for a call', () => observer.prepare());
}

/**
 * The telemetry for the program's own functions: that of the newest default observer, else one with the settings of the
 * environment.
 *
 * @returns `undefined` if the instrumentation is switched off
 */
export function defaultTelemetry(): Telemetry | undefined {
  prepareDefaultObservers();
  let newest: DefaultObserver | undefined;
  for (const observer of observers.value) newest = observer;
  if (newest !== undefined) return newest.telemetry;
  if (isSwitchedOff()) return undefined;
  byEnvironment ??= new Telemetry(resolveSettings({}, () => undefined));
  return byEnvironment;
}
