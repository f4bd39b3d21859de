import type { Call } from './call.ts';

/**
 * Ends a call whose promise or stream was garbage collected, so its result can no longer be read. A call leaves when its
 * result is being read, or when it settles: V8 keeps what is watched, and all that it refers to, through each collection
 * of young objects.
 */
export const lostResults: FinalizationRegistry<Call> = new FinalizationRegistry((call) =>
  call.close('abandoned'),
);

/** Watches the object without which the result of a call cannot be read. A call watches one object at a time. */
export function watchForLoss(call: Call, object: object): void {
  lostResults.unregister(call);
  lostResults.register(object, call, call);
}
