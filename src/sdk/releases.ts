import { notice } from '../diagnostics/report.ts';
import { isCollection, ProcessWide } from '../util/process-wide.ts';
import { VERSION } from '../util/version.ts';

/** Which release has patched a prototype, shared by all of them: two would record every call twice. */
const releases = new ProcessWide<WeakMap<object, string>>({
  name: 'releases',
  shape: 1,
  accepts: (value) => isCollection(WeakMap, value),
  create: () => new WeakMap(),
});

/** Of several releases in a process, the first to observe a prototype keeps it until nobody observes it any more. */
export function claimPrototype(prototype: object): boolean {
  const release = releases.value.get(prototype) ?? VERSION;
  if (release === VERSION) releases.value.set(prototype, VERSION);
  else notice('other_release', String(release), VERSION);
  return release === VERSION;
}

export function releasePrototype(prototype: object): void {
  releases.value.delete(prototype);
}

/** Whether this release observes the prototype. */
export function isOurs(prototype: object): boolean {
  return releases.value.get(prototype) === VERSION;
}

/** Whether some release of this package observes what a prototype does. */
export function isObserved(prototype: object): boolean {
  return releases.value.has(prototype);
}
