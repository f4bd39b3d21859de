import { guard } from './guard.ts';

const endings = new Set<() => void>();
let listening = false;

/**
 * Runs something when the process exits, where there is a process. All share one listener: many would make
 * Node warn the program of a leak.
 *
 * @returns takes it back
 */
export function atExit(end: () => void): () => void {
  endings.add(end);
  if (!listening && typeof process === 'object' && typeof process.once === 'function') {
    listening = true;
    process.once('exit', endAll);
  }
  return () => endings.delete(end);
}

function endAll(): void {
  for (const end of endings) guard('ending at exit', end);
}
