import { startWorker } from '../worker/worker.ts';
import type { Placed } from './rounds.ts';

/** The memory and spans that a long-lived program keeps. */
export interface Kept {
  readonly measured: string;
  readonly variant: string;
  /** Bytes in use after few operations. */
  readonly few: number;
  /** Bytes in use after all operations. */
  readonly all: number;
  /** The number of spans that are still open then. */
  readonly open: number;
}

export interface KeptOptions {
  readonly measured: string;
  readonly few: number;
  readonly all: number;
}

export async function measureKept({ variant, folder }: Placed, options: KeptOptions): Promise<Kept> {
  const { measured, few, all } = options;
  const worker = await startWorker({ variant: variant.name, measured, folder });
  try {
    const first = await worker.tell({ command: 'kept', operations: few });
    const last = await worker.tell({ command: 'kept', operations: all - few });
    return { measured, variant: variant.name, few: first.value, all: last.value, open: last.open };
  } finally {
    worker.stop();
  }
}
