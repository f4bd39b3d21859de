import { notice } from '../diagnostics/report.ts';
import { guard } from '../util/guard.ts';
import { processWideCollection } from '../util/process-wide.ts';
import { VERSION } from '../util/version.ts';

/** Which release has patched a prototype, shared by all of them: two would record every call twice. */
const releases = processWideCollection<WeakMap<object, string>>(WeakMap, 'releases', 1);

/** What all releases do when one of them no longer observes a prototype. */
const successors = processWideCollection<Set<() => void>>(Set, 'successors', 1);

/** Of several releases in a process, the first to observe a prototype keeps it until its last observer leaves. */
export function claimPrototype(prototype: object): boolean {
  const release = releases.value.get(prototype) ?? VERSION;
  if (release === VERSION) releases.value.set(prototype, VERSION);
  else notice('other_release', String(release), VERSION);
  return release === VERSION;
}

export function releasePrototype(prototype: object): void {
  // Without this, a release that was refused takes the prototype from the one that observes it.
  if (!isOurs(prototype)) return;
  releases.value.delete(prototype);
  for (const succeed of [...successors.value]) guard('taking over from another release', succeed);
}

/**
 * Calls the function whenever a prototype is no longer observed, so that another release can.
 *
 * @returns stops it
 */
export function onReleased(succeed: () => void): () => void {
  successors.value.add(succeed);
  return () => successors.value.delete(succeed);
}

/** Whether this release observes the prototype. */
export function isOurs(prototype: object): boolean {
  return releases.value.get(prototype) === VERSION;
}

/** Whether some release of this package observes what a prototype does. */
export function isObserved(prototype: object): boolean {
  return releases.value.has(prototype);
}
