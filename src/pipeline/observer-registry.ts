import { resolveSettings } from '../config/config.ts';
import { isSwitchedOff } from '../config/kill-switch.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { guard } from '../util/guard.ts';
import { isCollection, ProcessWide } from '../util/process-wide.ts';
import { VERSION } from '../util/version.ts';

/** What the helpers for the program's own code use of an observer. */
export interface DefaultObserver {
  readonly telemetry: Telemetry;
  /** Called before anything is recorded: `…/register` sets OpenTelemetry up here. */
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

/** Also before the first call of a client with settings of its own, which none of them would see. */
export function prepareDefaultObservers(): void {
  for (const observer of observers.value) guard('preparing for a call', () => observer.prepare());
}

/**
 * By whose settings the program's own functions are recorded: the newest observer's, else the environment's.
 *
 * @returns nothing where all is switched off, which leaves no observer
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
