import { afterAll, beforeAll } from 'vitest';
import { type Simulator, startSimulator } from '../simulator/index.ts';

/** A simulator that all tests of a group share, there as long as they run. */
export function useSimulator(): () => Simulator {
  let simulator: Simulator | undefined;
  beforeAll(async () => {
    simulator = await startSimulator();
  });
  afterAll(async () => {
    await simulator?.close();
  });
  return () => {
    if (simulator === undefined) throw new Error('The simulator is not running.');
    return simulator;
  };
}
