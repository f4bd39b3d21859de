import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type OpenAI from 'openai';
import { median } from 'simple-statistics';
import type { Case } from '../cases/case.ts';
import { LARGE } from '../cases/chat.ts';
import { STREAMED } from '../cases/streams.ts';
import type { CommandName } from './protocol.ts';

/** What a command has to work with. */
export interface Program {
  readonly measured: Case;
  readonly client: OpenAI;
  /** Runs something below a span of the program's own. */
  inSpan<Result>(run: () => Promise<Result>): Promise<Result>;
}

const OPERATIONS_IN_A_TURN = 10;

type Command = (program: Program, operations: number) => Promise<number>;

/** All that workers measure. */
export const COMMANDS: Readonly<Record<CommandName, Command>> = {
  cpu,
  allocated,
  kept,
  firstChunk,
  blocked,
  loopDelay,
};

export async function repeat(
  { measured, client }: Pick<Program, 'measured' | 'client'>,
  operations: number,
): Promise<void> {
  for (let done = 0; done < operations; done++) await measured.run(client);
}

/** Processor time of all threads for one operation, in microseconds. */
async function cpu(program: Program, operations: number): Promise<number> {
  const before = process.cpuUsage();
  await repeat(program, operations);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / operations;
}

/** Bytes allocated on the heap for one operation: what is allocated once, whatever their number, is left out. */
async function allocated(program: Program, operations: number): Promise<number> {
  const some = await allocatedBy(program, operations);
  const twice = await allocatedBy(program, 2 * operations);
  return (twice - some) / operations;
}

/** Bytes allocated on the heap for so many operations. The young generation has to hold them all. */
async function allocatedBy(program: Program, operations: number): Promise<number> {
  globalThis.gc?.();
  await pause();
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  observer.observe({ entryTypes: ['gc'] });
  const before = getHeapStatistics().used_heap_size;
  await repeat(program, operations);
  const bytes = getHeapStatistics().used_heap_size - before;
  await pause();
  observer.disconnect();
  if (collections > 0) throw new Error('Garbage was collected: the young generation is too small');
  return bytes;
}

/** Bytes in use after so many more operations, on the heap and beside it. */
async function kept(program: Program, operations: number): Promise<number> {
  for (let done = 0; done < operations; done += OPERATIONS_IN_A_TURN) {
    // A span for each few, as for the requests of a server: what is used below one stays until it ends.
    await program.inSpan(() => repeat(program, Math.min(OPERATIONS_IN_A_TURN, operations - done)));
    // Until the event loop turns, weak references hold what they refer to. With a network it turns all the time.
    await new Promise((resolve) => setImmediate(resolve));
  }
  // What was given up ends its spans after it was collected.
  for (let turn = 0; turn < 5; turn++) {
    await pause();
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Milliseconds from the call to the first chunk, in the middle of so many streams. */
async function firstChunk({ client }: Program, operations: number): Promise<number> {
  const times: number[] = [];
  for (let done = 0; done < operations; done++) {
    const start = performance.now();
    const stream = await client.chat.completions.create({ ...STREAMED });
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    times.push(performance.now() - start);
    await iterator.return?.();
  }
  return median(times);
}

/**
 * Milliseconds from the call with a large prompt to the next turn of the event loop, in the middle of so many: how
 * long nothing else can run. The answer comes from a server, and later.
 */
async function blocked({ client }: Program, operations: number): Promise<number> {
  const times: number[] = [];
  for (let done = 0; done < operations; done++) {
    const start = performance.now();
    const completion = client.chat.completions.create({ ...LARGE });
    await new Promise((resolve) => setImmediate(resolve));
    times.push(performance.now() - start);
    await completion;
  }
  return median(times);
}

/** Milliseconds that the event loop is late by, of a hundred looks the second latest. */
async function loopDelay(program: Program, operations: number): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await repeat(program, operations);
  histogram.disable();
  return histogram.percentile(99) / 1e6;
}

/** Until what goes on in the background is over. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
