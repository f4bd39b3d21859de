import { join } from 'node:path';
import { outputOf } from '../worker/worker.ts';
import type { Samples, SamplesByVariant } from './rounds.ts';

const PROGRAM = join(import.meta.dirname, 'start-program.ts');

/** A program to start, and the folder in which its packages are installed. */
export interface Started {
  readonly name: string;
  readonly folder: string;
}

/** Starts each of these programs a number of times, in turns, each time in a new process. */
export async function measureStarts(started: readonly Started[], times: number): Promise<SamplesByVariant> {
  const samples = new Map<string, Samples>();
  for (let time = 0; time < times; time++) {
    for (const { name, folder } of started) {
      const { values, failure } = samples.get(name) ?? { values: [] };
      if (failure !== undefined) continue;
      samples.set(name, await startOnce(name, folder, values));
    }
  }
  return samples;
}

async function startOnce(name: string, folder: string, before: readonly number[]): Promise<Samples> {
  try {
    return { values: [...before, Number(await outputOf(PROGRAM, [name, folder]))], spans: 0 };
  } catch (error) {
    return { values: [], spans: 0, failure: String(error) };
  }
}
