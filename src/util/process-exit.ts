import { guard } from './guard.ts';

const endings = new Set<() => void>();
const lastEndings = new Set<() => void>();
let listening = false;

/**
 * Runs something when the process exits, where there is a process. All share one listener: many would make
 * Node warn the program of a leak.
 *
 * @param order `last`: after all those that are not
 * @returns takes it back
 */
export function atExit(end: () => void, { last = false }: { readonly last?: boolean } = {}): () => void {
  const group = last ? lastEndings : endings;
  group.add(end);
  if (!listening && typeof process === 'object' && typeof process.once === 'function') {
    listening = true;
    process.once('exit', endAll);
  }
  return () => group.delete(end);
}

function endAll(): void {
  for (const end of [...endings, ...lastEndings]) guard('ending at exit', end);
}
