import { resolveSettings } from './config.ts';
import { guard } from './guard.ts';
import { isSwitchedOff } from './switch.ts';
import { Telemetry } from './telemetry/telemetry.ts';
import { NAME } from './version.ts';

/** What the helpers for the program's own code use of an observer. */
export interface DefaultObserver {
  readonly telemetry: Telemetry;
  /** Called before anything is recorded: `…/register` sets OpenTelemetry up here. */
  prepare(): void;
}

/** Observers of all clients in the process, the newest last; shared by all builds of this package. */
const OBSERVERS: symbol = Symbol.for(`${NAME}.observers`);

function observers(): DefaultObserver[] {
  const shared = globalThis as { [OBSERVERS]?: DefaultObserver[] };
  shared[OBSERVERS] ??= [];
  return shared[OBSERVERS];
}

export function addDefaultObserver(observer: DefaultObserver): void {
  if (!observers().includes(observer)) observers().push(observer);
}

export function removeDefaultObserver(observer: DefaultObserver): void {
  const index = observers().indexOf(observer);
  if (index >= 0) observers().splice(index, 1);
}

let byEnvironment: Telemetry | undefined;

/** Also before the first call of a client with settings of its own, which none of them would see. */
export function prepareDefaultObservers(): void {
  for (const observer of observers()) guard('preparing for a call', () => observer.prepare());
}

/**
 * By whose settings the program's own functions are recorded: the newest observer's, else the environment's.
 *
 * @returns nothing where all is switched off, which leaves no observer
 */
export function defaultTelemetry(): Telemetry | undefined {
  prepareDefaultObservers();
  const observer = observers().at(-1);
  if (observer !== undefined) return observer.telemetry;
  if (isSwitchedOff()) return undefined;
  byEnvironment ??= new Telemetry(resolveSettings({}, () => undefined));
  return byEnvironment;
}
