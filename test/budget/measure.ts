import { join } from 'node:path';
import { mustRun } from '../support/lanes/command.ts';
import { ROOT } from '../support/lanes/paths.ts';

/** What one operation costs more than in an uninstrumented program. */
export interface Cost {
  readonly bytes: number;
  /** Calls of functions, ours and those of OpenTelemetry. */
  readonly calls: number;
  readonly byFunction: Readonly<Record<string, number>>;
}

/** One thread, no compiler, and a young generation that is not full before the measurement is over. */
export const REPEATABLE_FLAGS: readonly string[] = [
  '--expose-gc',
  '--predictable',
  '--no-opt',
  '--no-maglev',
  '--no-sparkplug',
  '--no-lazy-feedback-allocation',
  '--min-semi-space-size=128',
  '--max-semi-space-size=128',
];

/** @param name of a case of the benchmarks; each has a process of its own, so that no case changes another */
export async function measureCost(name: string): Promise<Cost> {
  const program = join(import.meta.dirname, 'program.ts');
  // Functions that come compiled from a cache are not counted exactly.
  const env = { NODE_DISABLE_COMPILE_CACHE: '1' };
  return JSON.parse(
    await mustRun(process.execPath, [...REPEATABLE_FLAGS, program, name], { cwd: ROOT, env }),
  );
}
