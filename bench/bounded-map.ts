/**
 * Measures what it costs to add an entry to a full `BoundedMap`, for a small and a large one: `node bench/bounded-map.ts`.
 * The ratio should stay near 1. With a plain `Map`, whose deleted entries slow down the search for the oldest one, it is
 * about ten.
 */
import { performance } from 'node:perf_hooks';
import { BoundedMap } from '../src/util/bounded-map.ts';

const ROUNDS = 15;
const ADDED = 20_000;

function fullMap(limit: number): () => number {
  const map = new BoundedMap<number, number>(limit, undefined, 3_600_000);
  let key = 0;
  const add = (count: number): number => {
    const start = performance.now();
    for (const end = key + count; key < end; key++) map.set(key, key);
    return performance.now() - start;
  };
  add(5 * limit);
  return () => add(ADDED);
}

const [addToSmall, addToLarge] = [fullMap(100), fullMap(10_000)];
// In turns, so that whatever else the machine does slows both down. The fastest rounds count.
const rounds = Array.from({ length: ROUNDS }, () => [addToSmall(), addToLarge()] as const);
const [small, large] = ([0, 1] as const).map((index) => Math.min(...rounds.map((round) => round[index]))) as [
  number,
  number,
];
const each = (milliseconds: number): string => `${((milliseconds / ADDED) * 1e6).toFixed(0)} ns`;
console.log(
  `100 entries: ${each(small)}; 10,000 entries: ${each(large)}; ratio ${(large / small).toFixed(2)}`,
);
