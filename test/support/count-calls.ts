import { Session } from 'node:inspector/promises';

const ROOT = new URL('../../', import.meta.url).href;
const PACKAGES = '/node_modules/';

/** How often functions were called, by the file they stand in and their name. */
export type CallCounts = ReadonlyMap<string, number>;

/**
 * Counts the calls of functions, exactly: V8 keeps the counts that coverage tools ask for.
 *
 * @param folders whose functions count: of this project, such as `src/`, or of packages, such as `@opentelemetry/`
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
    const file = placeOf(url);
    if (!folders.some((folder) => file.startsWith(folder))) continue;
    for (const { functionName, ranges } of functions) {
      const { count = 0, startOffset } = ranges[0] ?? {};
      // A file that was loaded meanwhile is listed too, as a function without a name that starts with it.
      if (count === 0 || (functionName === '' && startOffset === 0)) continue;
      const name = `${file} ${functionName || '(anonymous)'}`;
      counts.set(name, (counts.get(name) ?? 0) + count);
    }
  }
  return counts;
}

/** Where a file stands in its package or in this project, wherever these stand. */
function placeOf(url: string): string {
  const packages = url.lastIndexOf(PACKAGES);
  if (packages >= 0) return url.slice(packages + PACKAGES.length);
  return url.startsWith(ROOT) ? url.slice(ROOT.length) : url;
}

export function totalOf(counts: CallCounts): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
