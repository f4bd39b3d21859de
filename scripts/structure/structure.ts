import { dirname } from 'node:path';
import type { SourceFile } from './source.ts';

/**
 * The layers of `src/`, top first. A folder imports only from layers below its own. A file at the root of `src/` counts
 * as a folder. Files at the root that are not listed are entry points, above all layers.
 */
export const LAYERS: readonly (readonly string[])[] = [
  ['register', 'instrumentation.ts'],
  ['testing'],
  ['helpers', 'export', 'doctor'],
  ['viewer'],
  ['pipeline'],
  ['hierarchy'],
  ['operations'],
  ['telemetry'],
  ['sdk'],
  ['config'],
  ['diagnostics'],
  ['semconv', 'util'],
];

export interface Dependency {
  /** A folder directly below `src/`, or a file at its root. */
  readonly from: string;
  readonly to: string;
  /** Pairs of files, such as `a.ts -> b.ts`. */
  readonly imports: readonly string[];
}

export interface Structure {
  /** Every folder that has files, and every file at the root. */
  readonly folders: readonly string[];
  readonly dependencies: readonly Dependency[];
  /** Dependencies that violate {@link LAYERS}. */
  readonly upwardImports: readonly Dependency[];
  /** The same for imports of types only. */
  readonly upwardTypeImports: readonly Dependency[];
  /** Groups of files that import each other's values. */
  readonly cycles: readonly (readonly string[])[];
  /** Groups of files that import each other's values or types. */
  readonly typeCycles: readonly (readonly string[])[];
  /** Files directly in `src/`. */
  readonly rootFiles: readonly string[];
  /** Top-level names that more than one file declares, with those files. */
  readonly sharedNames: ReadonlyMap<string, readonly string[]>;
}

export function describeStructure(files: readonly SourceFile[]): Structure {
  const dependencies = dependenciesOf(files, ({ imports }) => imports);
  const typeDependencies = dependenciesOf(files, ({ typeImports }) => typeImports);
  return {
    folders: [...new Set(files.map(({ path }) => folderOf(path)))],
    dependencies,
    upwardImports: dependencies.filter(isUpward),
    upwardTypeImports: typeDependencies.filter(isUpward),
    cycles: findCycles(files, ({ imports }) => imports),
    typeCycles: findCycles(files, ({ imports, typeImports }) => [...imports, ...typeImports]),
    rootFiles: files.map(({ path }) => path).filter((path) => !path.includes('/')),
    sharedNames: findSharedNames(files),
  };
}

/** The folder directly below `src/`, or the file itself at the root. */
export function topFolderOf(path: string): string {
  return path.split('/')[0] ?? path;
}

function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === '.' ? path : folder;
}

function dependenciesOf(
  files: readonly SourceFile[],
  importsOf: (file: SourceFile) => readonly string[],
): readonly Dependency[] {
  const dependencies = new Map<string, Dependency & { imports: string[] }>();
  for (const file of files) {
    for (const imported of importsOf(file)) {
      const [from, to] = [topFolderOf(file.path), topFolderOf(imported)];
      if (from === to) continue;
      const dependency = dependencies.get(`${from} ${to}`) ?? { from, to, imports: [] };
      dependency.imports.push(`${file.path} -> ${imported}`);
      dependencies.set(`${from} ${to}`, dependency);
    }
  }
  return [...dependencies.values()];
}

function isUpward({ from, to }: Dependency): boolean {
  return layerOf(to) <= layerOf(from) && layerOf(from) >= 0;
}

/** The layer's number: 0 for the top layer, -1 for an entry point above it. */
function layerOf(folder: string): number {
  return LAYERS.findIndex((layer) => layer.includes(folder));
}

/** Finds groups of files that import each other, with Tarjan's algorithm. */
function findCycles(
  files: readonly SourceFile[],
  importsOf: (file: SourceFile) => readonly string[],
): string[][] {
  const importsByPath = new Map(files.map((file) => [file.path, importsOf(file)]));
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (path: string): void => {
    order.set(path, order.size);
    lowest.set(path, order.size - 1);
    stack.push(path);
    for (const imported of importsByPath.get(path) ?? []) {
      if (!order.has(imported)) visit(imported);
      if (stack.includes(imported)) lower(path, lowest.get(imported));
    }
    if (lowest.get(path) !== order.get(path)) return;
    const group = stack.splice(stack.indexOf(path));
    if (group.length > 1) cycles.push(group.sort());
  };
  const lower = (path: string, value = Number.POSITIVE_INFINITY): void => {
    lowest.set(path, Math.min(lowest.get(path) ?? value, value));
  };
  for (const { path } of files) if (!order.has(path)) visit(path);
  return cycles;
}

function findSharedNames(files: readonly SourceFile[]): Map<string, string[]> {
  const places = new Map<string, string[]>();
  for (const { path, names } of files)
    for (const name of names) places.set(name, [...(places.get(name) ?? []), path]);
  return new Map([...places].filter(([, paths]) => paths.length > 1).sort(([a], [b]) => (a < b ? -1 : 1)));
}
