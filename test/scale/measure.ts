import { join } from 'node:path';
import { mustRun } from '../support/lanes/command.ts';
import { ROOT } from '../support/lanes/paths.ts';

/** What a scenario has shown. */
export interface Finding {
  /** Calls of functions of this package for one operation, where there is little. */
  readonly few: number;
  /** The same where there is as much as the scenario was told. */
  readonly many: number;
  /** Spans that are open while there is much. */
  readonly openAtMost: number;
  /** Spans that are open when all is over. */
  readonly openAtEnd: number;
  /** Bytes on the heap that a part of it leaves behind each time. */
  readonly growth: number;
}

const PROGRAM = join(import.meta.dirname, 'program.ts');
const TIMEOUT = 540_000;

/** @param size how much there is of what the scenario is about */
export async function measureScenario(name: string, size: number): Promise<Finding> {
  const parameters = ['--expose-gc', PROGRAM, name, String(size)];
  // Functions that come compiled from a cache are not counted exactly.
  const env = { NODE_DISABLE_COMPILE_CACHE: '1' };
  return JSON.parse(await mustRun(process.execPath, parameters, { cwd: ROOT, env, timeout: TIMEOUT }));
}
