import type { Call } from './call.ts';

/** Ends a call whose promise or stream was garbage collected, so its result can no longer be read. */
const collected = new FinalizationRegistry<Call>((call) => call.close('abandoned'));

/** Watches the object without which the result of a call cannot be read. A call watches one object at a time. */
export function watchForLoss(call: Call, object: object): void {
  collected.unregister(call);
  collected.register(object, call, call);
}

/**
 * Stops watching, once the result is being read or is over: whatever V8 watches survives each collection of young
 * objects, with all that it refers to.
 */
export function stopWatching(call: Call): void {
  collected.unregister(call);
}
