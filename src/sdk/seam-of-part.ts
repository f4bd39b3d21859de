import { realtimeSeam } from './agents-sdk/realtime-transport.ts';
import { runnerSeam } from './agents-sdk/runner.ts';
import type { PatchedClass } from './patches.ts';
import { loopSeam } from './tool-loops.ts';

export type { PatchedClass } from './patches.ts';

/** The seam of a loaded class that is neither a client nor a socket. */
export function seamOfPart(prototype: object, defined: 'loop' | 'agents' | 'agents-realtime'): PatchedClass {
  if (defined === 'agents-realtime') return realtimeSeam(prototype);
  return defined === 'agents' ? runnerSeam(prototype) : loopSeam(prototype);
}
