import { relative, resolve, sep } from 'node:path';
import type { Rolldown } from 'tsdown';

/** The folders that programs load for their calls, from `src/`. Other folders belong to entries of their own. */
const CALLS =
  /^(?:config|diagnostics|helpers|hierarchy|operations|pipeline|sdk|semconv|telemetry|util|\.\.\/viewer\/src\/shared)\//;

/**
 * Puts the sources that a program loads for its calls into a few files. By default, the bundler makes three dozen, which
 * take a third longer to load.
 *
 * @param files prefixes of paths below `src/`, by the name of the file that gets these sources
 * @param atStart paths that have such a prefix but belong to `core`, like all others
 * @param ofEntries paths that stay in the file of the only entry that needs them
 */
export function sharedFiles(
  files: Readonly<Record<string, readonly string[]>>,
  atStart: readonly string[],
  ofEntries: readonly string[],
): Rolldown.CodeSplittingGroup {
  const fileOf = (path: string): string | null => {
    if (ofEntries.includes(path)) return null;
    const found = Object.entries(files).find(([, prefixes]) =>
      prefixes.some((prefix) => path.startsWith(prefix)),
    );
    if (found !== undefined && !atStart.includes(path)) return found[0];
    return CALLS.test(path) ? 'core' : null;
  };
  return {
    // An entry keeps its own file, and so do types, which are bundled at the same time.
    name: (id, context) =>
      context.getModuleInfo(id)?.isEntry === true || /\.d\.m?ts$/.test(id)
        ? null
        : fileOf(relative(resolve('src'), id).split(sep).join('/')),
  };
}
