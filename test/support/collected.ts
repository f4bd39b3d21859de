import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects garbage until all objects are gone, or will not go. */
export async function areCollected(...objects: readonly WeakRef<object>[]): Promise<boolean> {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const isKept = (): boolean => objects.some((object) => object.deref() !== undefined);
  for (let tries = 0; tries < 10 && isKept(); tries++) {
    await nextTurn();
    collect();
  }
  return !isKept();
}
