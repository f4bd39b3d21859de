import { STATE_KEY } from '../../src/util/process-state.ts';

/** Makes this process forget all findings, as if nothing had been reported. */
export function forgetNotices(): void {
  Object.assign(sharedValue('notices'), { findings: new Map(), said: new Set(), speaking: false });
}

/** Makes this process forget the copies of `openai` and of this package. */
export function forgetCopies(): void {
  Object.assign(sharedValue('copies'), { openai: new Map(), ours: new Map(), seen: false });
}

/** A value that copies of this package share; a new object if nothing has used it yet. */
function sharedValue(name: string): object {
  return Reflect.get(globalThis, Symbol.for(STATE_KEY))?.values.get(name) ?? {};
}
