import type { Call } from './call.ts';

/**
 * What objects of the SDK hold in place of a call, which is gone once it has settled. In `openai` 7, functions that V8
 * allocates as long-lived hold those objects until the next full collection of garbage.
 */
export interface CallReference {
  call: Call | undefined;
}
