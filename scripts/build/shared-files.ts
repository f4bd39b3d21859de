import { resolve } from 'node:path';
import type { Rolldown } from 'tsdown';

interface Shared {
  /** The sources that every program loads first. */
  readonly start: readonly string[];
  /** Entries that share more sources than those, by the name of the file with all that they share. */
  readonly together: Readonly<Record<string, readonly string[]>>;
  /** The sources of entries that programs also use alone, by name. They load only what they use of the start. */
  readonly others: Readonly<Record<string, string>>;
  /**
   * Sources that load on first use, by the name of their file. A source that only one of these files imports is also in
   * that file. A source that several of them import is in a file named after them.
   */
  readonly later: Readonly<Record<string, readonly string[]>>;
  /** Files that only one other of these files loads, by name. That other file contains the sources that both import. */
  readonly loadedBy: Readonly<Record<string, string>>;
}

type ImportsOf = (id: string) => readonly string[];
type Sources = ReadonlySet<string>;

/**
 * Groups the sources that a program loads at its start into a few files: one for each set of other entries that also
 * load them. By default, the bundler makes three dozen files, which take a third longer to load.
 */
export function sharedFiles(shared: Shared): Rolldown.CodeSplittingGroup {
  let names: ReadonlyMap<string, string> = new Map();
  return {
    debugName: 'what is loaded at the start',
    name(id, context) {
      const importsOf: ImportsOf = (one) => context.getModuleInfo(one)?.importedIds ?? [];
      // The types are bundled at the same time. Their modules have no imports of sources.
      if (names.size === 0 && shared.start.some((one) => importsOf(resolve(one)).length > 0))
        names = namesOf(shared, importsOf);
      // An entry keeps its own file.
      return context.getModuleInfo(id)?.isEntry === true ? null : (names.get(id) ?? null);
    },
  };
}

/** The file for each source, by the source's id. Sources without one keep the bundler's default. */
function namesOf(
  { start, together, others, later, loadedBy }: Shared,
  importsOf: ImportsOf,
): Map<string, string> {
  const doors = new Set(Object.values(later).flatMap((sources) => sources.map((source) => resolve(source))));
  const atOnce = (sources: readonly string[]): Sources => importedBy(sources, importsOf, doors);
  const lazy = Object.entries(later).map(([name, sources]) => [name, atOnce(sources)] as const);
  // Includes what these entries load later, so that loading it does not load more of the start.
  const used = Object.entries(others).map(([name, one]) => [name, importedBy([one], importsOf)] as const);
  // What these entries load immediately cannot be in a file that loads later.
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

/** These sources, and all that they import directly or indirectly, except through sources that load later. */
function importedBy(sources: readonly string[], importsOf: ImportsOf, later: Sources = new Set()): Sources {
  const found = new Set(sources.map((source) => resolve(source)));
  for (const id of found) for (const imported of importsOf(id)) if (!later.has(imported)) found.add(imported);
  return found;
}
