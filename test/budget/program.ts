/**
 * What a case of the benchmarks costs, in numbers that are the same in every run: bytes that are allocated and
 * functions that are called, beside those of the uninstrumented program. Prints them as JSON.
 *
 * The clocks are scripted, and nothing is compiled, since the compiler works in a thread and at times of its own.
 */
import { createRequire } from 'node:module';
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import OpenAI from 'openai';
import { median } from 'simple-statistics';
import { inMemory } from '../../bench/api/memory.ts';
import { CASES, type Case } from '../../bench/cases/index.ts';
import { setUpTelemetry, type Telemetry } from '../../bench/telemetry.ts';
import { instrumentOpenAI } from '../../src/client.ts';
import { countCalls } from '../support/count-calls.ts';
import { scriptTime } from '../support/scripted-time.ts';
import type { Cost } from './measure.ts';

/** What is left unused at the end of a page of the heap counts, too, and is another amount in each round. */
const ROUNDS = 3;
/** Enough that what is left of a page hardly counts. */
const MOST_OPERATIONS = 50;

/** Functions of ours, and those of OpenTelemetry that we call. */
const COUNTED = ['src/', '@opentelemetry/'];

const [wanted] = process.argv.slice(2);
const found = CASES.find(({ name }) => name === wanted);
if (found === undefined) throw new Error(`There is no case ${wanted}`);
scriptTime();
console.log(JSON.stringify(await measure(found)));

async function measure(one: Case): Promise<Cost> {
  const telemetry = setUpTelemetry(createRequire(import.meta.url), one);
  const operations = Math.max(2, Math.min(MOST_OPERATIONS, Math.ceil(one.operations / 8)));
  const client = new OpenAI({ apiKey: 'test', maxRetries: 0, ...inMemory(one.api()) });
  const without = await bytesOfOne(one, client, telemetry, operations);
  instrumentOpenAI(client, { cost: false, ...one.config });
  const withIt = await bytesOfOne(one, client, telemetry, operations);
  const calls = await countCalls(COUNTED, () => repeat(one, client, telemetry, operations));
  const byFunction = [...calls].map(([name, count]): [string, number] => [name, count / operations]);
  return {
    bytes: Math.round(withIt - without),
    calls: Math.round(byFunction.reduce((sum, [, count]) => sum + count, 0)),
    byFunction: Object.fromEntries(byFunction),
  };
}

async function repeat(one: Case, client: OpenAI, telemetry: Telemetry, operations: number): Promise<void> {
  await telemetry.inSpan(async () => {
    for (let done = 0; done < operations; done++) await one.run(client);
  });
  // What continues in the background after the last one.
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Bytes on the heap that one operation allocates: what the program allocates once, whatever their number, is left out. */
async function bytesOfOne(
  one: Case,
  client: OpenAI,
  telemetry: Telemetry,
  operations: number,
): Promise<number> {
  const measured: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const some = await bytesOf(one, client, telemetry, operations);
    const twice = await bytesOf(one, client, telemetry, 2 * operations);
    measured.push((twice - some) / operations);
  }
  return median(measured);
}

/** Bytes on the heap that all of these operations allocate, the program warmed up. */
async function bytesOf(one: Case, client: OpenAI, telemetry: Telemetry, operations: number): Promise<number> {
  await repeat(one, client, telemetry, operations);
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 10));
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  observer.observe({ entryTypes: ['gc'] });
  const before = getHeapStatistics().used_heap_size;
  await repeat(one, client, telemetry, operations);
  const allocated = getHeapStatistics().used_heap_size - before;
  await new Promise((resolve) => setTimeout(resolve, 10));
  observer.disconnect();
  if (collections > 0) throw new Error(`${one.name}: garbage was collected: the heap is too small`);
  return allocated;
}
