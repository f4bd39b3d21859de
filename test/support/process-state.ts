import { plainObservers } from '../../src/pipeline/client-observers.ts';
import { byEnvironment } from '../../src/pipeline/default-observers.ts';
import { STATE_KEY } from '../../src/util/process-state.ts';
import { VERSION } from '../../src/util/version.ts';

/** Makes this process forget all findings, as if nothing had been reported. */
export function forgetNotices(): void {
  Object.assign(sharedValue('notices'), { findings: new Map(), said: new Set(), speaking: false });
}

/** Makes this process forget the copies of `openai` and of this package. */
export function forgetCopies(): void {
  Object.assign(sharedValue('copies'), { openai: new Map(), ours: new Map(), seen: false });
}

/** Makes this process forget the observers that clients share, and those that the program has created. */
export function forgetObservers(): void {
  plainObservers.clear();
  Object.assign(byEnvironment, { isOverridden: false, observer: undefined });
}

/** Makes this process forget which values of dimensions its metrics have. */
export function forgetMetricSeries(): void {
  const series = sharedValue(`metric-series@${VERSION}`);
  if (series instanceof Map) series.clear();
}

/** A value that copies of this package share; a new object if nothing has used it yet. */
function sharedValue(name: string): object {
  return Reflect.get(globalThis, Symbol.for(STATE_KEY))?.values.get(name) ?? {};
}
