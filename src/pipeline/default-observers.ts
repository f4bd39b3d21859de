import type { Context } from '@opentelemetry/api';
import { isSwitchedOff } from '../config/environment.ts';
import { logFindings } from '../diagnostics/report.ts';
import { listenTo } from '../telemetry/program-end/provider-life.ts';
import type { LocalPlace } from '../telemetry/program-operation.ts';
import { type Telemetry, useProviders } from '../telemetry/telemetry.ts';
import { guard } from '../util/guard.ts';
import { platform } from '../util/platform.ts';
import { ProcessWide } from '../util/process-state.ts';
import { VERSION } from '../util/version.ts';
import { Observer } from './observer.ts';

/** The observers of all clients in the process, newest last. All copies of this release share them. */
export const defaultObservers: ProcessWide<Set<Observer>> = new ProcessWide(
  `observers@${VERSION}`,
  () => new Set(),
);

/** If there has never been a default observer, the settings of the environment apply. */
export const byEnvironment: {
  isOverridden: boolean;
  /** Observes no client. Without it, nothing else ends the functions in progress when a provider shuts down. */
  observer: Observer | undefined;
} = { isOverridden: false, observer: undefined };

export function addDefaultObserver(observer: Observer): void {
  byEnvironment.isOverridden = true;
  defaultObservers.value.add(observer);
  useProviders(processObserver()?.telemetry.own);
}

export function removeDefaultObserver(observer: Observer): void {
  defaultObservers.value.delete(observer);
  useProviders(processObserver()?.telemetry.own);
}

/** The newest observer of a single client. Only the client keeps it alive. */
let ofClient: WeakRef<Observer> | undefined;

export function addClientObserver(observer: Observer): void {
  ofClient = new platform.WeakRef(observer);
}

/** `undefined` if the function runs outside `withConversation`, or if there is no observer. */
export function placeOfFunction(context: Context, startTime: number): LocalPlace | undefined {
  const observer = newestDefault() ?? ofClient?.deref();
  return observer?.placeFunction(context, startTime);
}

function newestDefault(): Observer | undefined {
  return [...defaultObservers.value].at(-1);
}

/** The newest observer of the whole process. Everything else uses its providers. */
export function processObserver(): Observer | undefined {
  return [...defaultObservers.value].findLast(({ isOfProcess }) => isOfProcess);
}

/** Also called for a client with settings of its own, whose calls the default observers do not see. */
export function prepareDefaultObservers(): void {
  for (const observer of defaultObservers.value) guard('preparing for a call', () => observer.prepare());
}

/** `undefined` if the instrumentation is switched off or disabled. */
export function defaultTelemetry(): Telemetry | undefined {
  prepareDefaultObservers();
  const newest = newestDefault();
  if (newest !== undefined) return newest.telemetry;
  if (byEnvironment.isOverridden || isSwitchedOff()) return undefined;
  byEnvironment.observer ??= new Observer();
  logFindings();
  const { telemetry } = byEnvironment.observer;
  guard('listening to a provider', listenTo, telemetry.provider, byEnvironment.observer);
  return telemetry;
}
