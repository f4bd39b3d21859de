import { realtimeSeam } from './agents-sdk/realtime-transport.ts';
import { runnerSeam } from './agents-sdk/runner.ts';
import type { Part } from './hooked-files.ts';
import type { PatchedClass } from './patches.ts';
import { socketSeam } from './sockets/index.ts';
import { loopSeam } from './tool-loops.ts';

const SEAMS: Readonly<Record<Part, (prototype: object) => PatchedClass | undefined>> = {
  agents: (prototype) => runnerSeam(prototype),
  'agents-realtime': (prototype) => realtimeSeam(prototype),
  loop: (prototype) => loopSeam(prototype),
  socket: (prototype) => socketSeam(prototype),
};

/** The seam of a loaded class that is no client; `undefined` if it is built in a way that is not known. */
export function seamOfPart(prototype: object, defined: Part): PatchedClass | undefined {
  return SEAMS[defined](prototype);
}
