import { Session } from 'node:inspector/promises';

/** How often functions were called, by the file they stand in and their name. */
export type CallCounts = ReadonlyMap<string, number>;

/**
 * Counts the calls of functions, exactly: V8 keeps the counts that coverage tools ask for.
 *
 * @param folders parts of the paths of files whose functions count
 */
export async function countCalls(folders: readonly string[], run: () => Promise<void>): Promise<CallCounts> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await run();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  const counts = new Map<string, number>();
  for (const { url, functions } of result) {
    const folder = folders.find((part) => url.includes(part));
    // The first function of a file is the file itself.
    if (folder === undefined || !url.startsWith('file:')) continue;
    const file = url.slice(url.indexOf(folder) + 1);
    for (const { functionName, ranges } of functions.slice(1)) {
      const count = ranges[0]?.count ?? 0;
      if (count === 0) continue;
      const name = `${file} ${functionName || '(anonymous)'}`;
      counts.set(name, (counts.get(name) ?? 0) + count);
    }
  }
  return counts;
}

export function totalOf(counts: CallCounts): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
