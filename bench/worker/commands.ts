import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type OpenAI from 'openai';
import { median } from 'simple-statistics';
import type { Case } from '../cases/case.ts';
import { LARGE } from '../cases/chat.ts';
import { STREAMED } from '../cases/streams.ts';
import type { CommandName } from './protocol.ts';

/** The program that a command measures. */
export interface Program {
  readonly measured: Case;
  readonly client: OpenAI;
  /** Runs a function below a span of the program. */
  inSpan<Result>(run: () => Promise<Result>): Promise<Result>;
}

const OPERATIONS_IN_A_TURN = 10;

type Command = (program: Program, operations: number) => Promise<number>;

/** The commands of workers. */
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

/** The processor time of one operation in all threads, in microseconds. */
async function cpu(program: Program, operations: number): Promise<number> {
  const before = process.cpuUsage();
  await repeat(program, operations);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / operations;
}

/** The bytes that one operation allocates on the heap, without those that are allocated only once. */
async function allocated(program: Program, operations: number): Promise<number> {
  const some = await allocatedBy(program, operations);
  const twice = await allocatedBy(program, 2 * operations);
  return (twice - some) / operations;
}

/** The bytes that a number of operations allocate on the heap. The young generation must have room for all. */
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

/** The bytes in use, on the heap and outside, after this number of further operations. */
async function kept(program: Program, operations: number): Promise<number> {
  for (let done = 0; done < operations; done += OPERATIONS_IN_A_TURN) {
    // Every few operations have their own span, as requests of a server do. Memory is kept until their span ends.
    await program.inSpan(() => repeat(program, Math.min(OPERATIONS_IN_A_TURN, operations - done)));
    // Weak references hold their objects until the next turn of the event loop, which a network would cause.
    await new Promise((resolve) => setImmediate(resolve));
  }
  // The spans of dropped streams end after these have been collected.
  for (let turn = 0; turn < 5; turn++) {
    await pause();
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The median time from the call to the first chunk, in milliseconds. */
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
 * The median time from a call with a large prompt to the next turn of the event loop, in milliseconds: how long
 * nothing else can run. The answer arrives later, from a server.
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

/** The 99th percentile of the event loop's delay, in milliseconds. */
async function loopDelay(program: Program, operations: number): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await repeat(program, operations);
  histogram.disable();
  return histogram.percentile(99) / 1e6;
}

/** Waits until background work has ended. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
