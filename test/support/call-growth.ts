import { countCalls, totalOf } from './count-calls.ts';

/** How many times as many functions are called for twice as much: 2 where the work is linear, 4 where it is quadratic. */
export async function callGrowthOf(size: number, work: (size: number) => void): Promise<number> {
  const calls = async (of: number): Promise<number> =>
    totalOf(await countCalls(['src/', 'viewer/src/'], async () => work(of)));
  return (await calls(2 * size)) / (await calls(size));
}
