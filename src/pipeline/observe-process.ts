import { findClientClass } from '../sdk/find-client.ts';
import { watchMissedCalls } from '../sdk/loading/missed-calls.ts';
import { findUnobserved, type LoadListener, onClientLoaded } from '../sdk/loading/module-hooks.ts';
import type { PatchedClass } from '../sdk/patches.ts';
import { Seam } from '../sdk/seam.ts';
import { guard } from '../util/guard.ts';
import { platform } from '../util/platform.ts';
import { addDefaultObserver, removeDefaultObserver } from './default-observers.ts';
import type { Observer } from './observer.ts';

interface LoadHooks extends Pick<LoadListener, 'api'> {
  readonly clientLoaded?: () => void;
}

/**
 * Makes an observer observe the whole process: every client class and other patched class, whether loaded
 * before or later, and the program's functions.
 *
 * @returns a function that ends this and restores what was patched
 */
export function observeProcess(observer: Observer, { clientLoaded, api }: LoadHooks = {}): () => void {
  /** Held weakly: a seam lives as long as its class. */
  let seams: WeakRef<PatchedClass>[] = [];
  const observe = (seam: PatchedClass): void => {
    seam.addDefault(observer);
    seams = seams.filter((earlier) => ![undefined, seam].includes(earlier.deref()));
    seams.push(new platform.WeakRef(seam));
  };
  observer.isOfProcess = true;
  addDefaultObserver(observer);
  const stopLoading = onClientLoaded({
    client({ prototype, exported }) {
      clientLoaded?.();
      const seam = Seam.of(prototype);
      observe(seam);
      seam.watchResources(findClientClass(exported));
    },
    seam: observe,
    ...(api !== undefined && { api }),
  });
  const stopWatching = guard('watching for missed calls', watchMissedCalls, findUnobserved);
  return () => {
    stopLoading();
    stopWatching?.();
    removeDefaultObserver(observer);
    for (const seam of seams) guard('restoring a client', () => seam.deref()?.removeDefault(observer));
  };
}
