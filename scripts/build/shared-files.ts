import { resolve } from 'node:path';
import type { Rolldown } from 'tsdown';

interface Shared {
  /** The source of the entry that programs load first. */
  readonly start: string;
  /** Sources of entries that are also used without it, by name. They load no more of it than they use. */
  readonly others: Readonly<Record<string, string>>;
  /** Sources that keep files of their own, for a test to find. */
  readonly apart: readonly string[];
}

type ImportsOf = (id: string) => readonly string[];

/**
 * Groups the sources that a program loads at its start into a few files: one for each set of other entries that load them,
 * too. By default the bundler makes three dozen files, which take a third longer to load.
 */
export function sharedFiles({ start, others, apart }: Shared): Rolldown.CodeSplittingGroup {
  let names: ReadonlyMap<string, string> = new Map();
  return {
    debugName: 'what is loaded at the start',
    name(id, context) {
      // Types are bundled at the same time, without the sources.
      if (names.size <= 1)
        names = namesOf(start, others, (one) => context.getModuleInfo(one)?.importedIds ?? []);
      if (apart.some((source) => id === resolve(source))) return null;
      // An entry keeps its own file.
      return context.getModuleInfo(id)?.isEntry === true ? null : (names.get(id) ?? null);
    },
  };
}

function namesOf(start: string, others: Shared['others'], importsOf: ImportsOf): Map<string, string> {
  const used = Object.entries(others).map(([name, source]) => [name, importedBy(source, importsOf)] as const);
  const names = new Map<string, string>();
  for (const id of importedBy(start, importsOf)) {
    const users = used.filter(([, ids]) => ids.has(id)).map(([name]) => name);
    names.set(id, ['core', ...users].join('-'));
  }
  return names;
}

/** The sources that a source imports, directly or not, and itself. */
function importedBy(source: string, importsOf: ImportsOf): ReadonlySet<string> {
  const found = new Set([resolve(source)]);
  for (const id of found) for (const imported of importsOf(id)) found.add(imported);
  return found;
}
