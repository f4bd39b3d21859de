import type { Signals } from '../telemetry.ts';
import { startWorker } from '../worker/worker.ts';
import type { Placed } from './rounds.ts';

/** Counts what one operation of a case records, by variant. A variant that fails is left out. */
export async function measureSignals(
  placed: readonly Placed[],
  measured: string,
): Promise<ReadonlyMap<string, Signals>> {
  const found = new Map<string, Signals>();
  for (const { variant, folder } of placed) {
    try {
      const worker = await startWorker({ variant: variant.name, measured, folder });
      const { signals } = await worker.tell({ command: 'signals', operations: 1 });
      if (signals !== undefined) found.set(variant.name, signals);
      worker.stop();
    } catch (error) {
      console.error(`${variant.name}, ${measured}: ${error}`);
    }
  }
  return found;
}
