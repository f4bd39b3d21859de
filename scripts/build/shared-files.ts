import { resolve } from 'node:path';
import type { Rolldown } from 'tsdown';

interface Shared {
  /** Sources that every program loads first. */
  readonly start: readonly string[];
  /** Entries that share more than that, by the name of the file with what all of them load. */
  readonly together: Readonly<Record<string, readonly string[]>>;
  /** Sources of entries that are also used without it, by name. They load no more of it than they use. */
  readonly others: Readonly<Record<string, string>>;
  /**
   * Sources that are loaded when they are used, by the file that they are in. What only the sources of one file import
   * is there, too; what those of several import is in a file with their names.
   */
  readonly later: Readonly<Record<string, readonly string[]>>;
  /** Those of these files that another one alone loads, which has what both import. */
  readonly loadedBy: Readonly<Record<string, string>>;
}

type ImportsOf = (id: string) => readonly string[];
type Sources = ReadonlySet<string>;

/**
 * Groups the sources that a program loads at its start into a few files: one for each set of other entries that load them,
 * too. By default the bundler makes three dozen files, which take a third longer to load.
 */
export function sharedFiles(shared: Shared): Rolldown.CodeSplittingGroup {
  let names: ReadonlyMap<string, string> = new Map();
  return {
    debugName: 'what is loaded at the start',
    name(id, context) {
      const importsOf: ImportsOf = (one) => context.getModuleInfo(one)?.importedIds ?? [];
      // Types are bundled at the same time, without the sources.
      if (names.size === 0 && shared.start.some((one) => importsOf(resolve(one)).length > 0))
        names = namesOf(shared, importsOf);
      // An entry keeps its own file.
      return context.getModuleInfo(id)?.isEntry === true ? null : (names.get(id) ?? null);
    },
  };
}

/** The name of the file for each source that is in none of its own. */
function namesOf(
  { start, together, others, later, loadedBy }: Shared,
  importsOf: ImportsOf,
): Map<string, string> {
  const doors = new Set(Object.values(later).flatMap((sources) => sources.map((source) => resolve(source))));
  const atOnce = (sources: readonly string[]): Sources => importedBy(sources, importsOf, doors);
  const lazy = Object.entries(later).map(([name, sources]) => [name, atOnce(sources)] as const);
  // They use what they load later, too, and shall not load more of the start for it.
  const used = Object.entries(others).map(([name, one]) => [name, importedBy([one], importsOf)] as const);
  // What these load at once cannot be in a file that is loaded later.
  const usedAtOnce = Object.entries(others)
    .filter(([, one]) => !doors.has(resolve(one)))
    .map(([name, one]) => [name, atOnce([one])] as const);
  const names = new Map<string, string>();
  const atStart = atOnce(start);
  for (const id of new Set([...atStart, ...lazy.flatMap(([, ids]) => [...ids])])) {
    const found = atStart.has(id) ? [] : namesWith(id, lazy);
    const inLater = found.filter((name) => !found.includes(loadedBy[name] ?? ''));
    const files = inLater.length === 1 ? [...inLater, ...namesWith(id, usedAtOnce)] : inLater;
    const [file, ...more] = files;
    const shared = ['shared', ...files].join('-');
    names.set(id, more.length > 0 ? shared : (file ?? ['core', ...namesWith(id, used)].join('-')));
  }
  for (const [name, [first = '', ...more]] of Object.entries(together)) {
    const inMore = more.map((entry) => atOnce([entry]));
    for (const id of atOnce([first]))
      if (!names.has(id) && inMore.every((ids) => ids.has(id))) names.set(id, name);
  }
  return names;
}

function namesWith(id: string, all: readonly (readonly [name: string, ids: Sources])[]): string[] {
  return all.filter(([, ids]) => ids.has(id)).map(([name]) => name);
}

/** The sources that some sources import, directly or not, and themselves; not through those that are loaded later. */
function importedBy(sources: readonly string[], importsOf: ImportsOf, later: Sources = new Set()): Sources {
  const found = new Set(sources.map((source) => resolve(source)));
  for (const id of found) for (const imported of importsOf(id)) if (!later.has(imported)) found.add(imported);
  return found;
}
