import { guard } from './guard.ts';
import { onceProcess } from './process-events.ts';

const endings = new Set<() => void>();
const lastEndings = new Set<() => void>();
let listening = false;

/**
 * Runs something when the process exits, where there is a process. All share one listener: many would make Node warn
 * the program of a leak.
 *
 * @param order `last`: after all those that are not
 * @returns takes it back
 */
export function atExit(end: () => void, { last = false }: { readonly last?: boolean } = {}): () => void {
  const group = last ? lastEndings : endings;
  group.add(end);
  if (!listening) onceProcess('exit', endAll);
  listening = true;
  return () => group.delete(end);
}

/** What ends may add something to end, such as a view of the span that has just ended. Each runs once. */
function endAll(): void {
  const ended = new Set<() => void>();
  for (const group of [endings, lastEndings])
    for (const end of group) {
      if (ended.has(end)) continue;
      ended.add(end);
      guard('ending spans at exit', end);
    }
}
