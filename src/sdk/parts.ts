import { runnerSeam } from './agents-sdk/runner.ts';
import type { PatchedClass } from './patched-class.ts';
import { Seam } from './seam.ts';
import { loopSeam } from './tool-loops.ts';

export type { PatchedClass } from './patched-class.ts';

/** The seam of a loaded class that is neither a client nor a socket. */
export function seamOfPart(prototype: object, defined: 'loop' | 'agents'): PatchedClass {
  return defined === 'agents'
    ? runnerSeam(prototype)
    : loopSeam(prototype, (client) => Seam.observerOf(client)?.startLoop?.());
}
