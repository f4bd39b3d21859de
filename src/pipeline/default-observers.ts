import type { Context } from '@opentelemetry/api';
import { isSwitchedOff } from '../config/environment.ts';
import { listenTo } from '../telemetry/program-end/provider-life.ts';
import type { LocalPlace } from '../telemetry/program-operation.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { guard } from '../util/guard.ts';
import { ProcessWide } from '../util/process-state.ts';
import { VERSION } from '../util/version.ts';
import type { Observer } from './observer.ts';
import { readSettings } from './settings.ts';

/** The observers of all clients in the process, newest last. All copies of this release share them. */
export const defaultObservers: ProcessWide<Set<Observer>> = new ProcessWide(
  `observers@${VERSION}`,
  () => new Set(),
);

/** If there has never been a default observer, the environment's settings apply. */
let hasBeenObserved = false;

export function addDefaultObserver(observer: Observer): void {
  hasBeenObserved = true;
  defaultObservers.value.add(observer);
}

/** The newest observer of a single client. Only the client keeps it alive. */
let ofClient: WeakRef<Observer> | undefined;

export function addClientObserver(observer: Observer): void {
  ofClient = new WeakRef(observer);
}

/** `undefined` if the function runs outside `withConversation`, or if there is no observer. */
export function placeOfFunction(context: Context, startTime: number): LocalPlace | undefined {
  const observer = newestDefault() ?? ofClient?.deref();
  return observer?.placeFunction(context, startTime);
}

function newestDefault(): Observer | undefined {
  let newest: Observer | undefined;
  for (const observer of defaultObservers.value) newest = observer;
  return newest;
}

export function processObserver(): Observer | undefined {
  return [...defaultObservers.value].findLast(({ isOfProcess }) => isOfProcess);
}

/** Also called for a client with settings of its own, whose calls the default observers do not see. */
export function prepareDefaultObservers(): void {
  for (const observer of defaultObservers.value) guard('preparing for a call', () => observer.prepare());
}

let byEnvironment: Telemetry | undefined;

/** `undefined` if the instrumentation is switched off or disabled. */
export function defaultTelemetry(): Telemetry | undefined {
  prepareDefaultObservers();
  const newest = newestDefault();
  if (newest !== undefined) return newest.telemetry;
  if (hasBeenObserved || isSwitchedOff()) return undefined;
  byEnvironment ??= telemetryByEnvironment();
  const { listener, provider } = byEnvironment;
  if (listener !== undefined) guard('listening to a provider', listenTo, provider, listener);
  return byEnvironment;
}

/** Without an observer, nothing else ends the functions in progress when a provider shuts down. */
function telemetryByEnvironment(): Telemetry {
  const endAll = (): void => telemetry.endFunctions();
  const telemetry = new Telemetry(readSettings({}), {
    get isOpen() {
      return telemetry.functions.size > 0;
    },
    get otherProviders() {
      return telemetry.otherProviders;
    },
    endAll,
    forceFlush: () => telemetry.hooks.settled(),
    shutdown() {
      endAll();
      return telemetry.hooks.settled();
    },
  });
  return telemetry;
}

/** For tests: makes the environment's settings apply again. */
export function forgetDefaultObservers(): void {
  hasBeenObserved = false;
  byEnvironment = undefined;
}
