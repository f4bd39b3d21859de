import { getHeapSpaceStatistics } from 'node:v8';

/** Bytes of objects, without the code that is compiled on the way. */
export function bytesOfObjects(): number {
  const { external } = process.memoryUsage();
  return getHeapSpaceStatistics()
    .filter(({ space_name }) => !/code|trusted|read_only/.test(space_name))
    .reduce((sum, { space_used_size }) => sum + space_used_size, external);
}
