import { dirname } from 'node:path';
import type { SourceFile } from './source.ts';

/**
 * The rooms of `src/`, from the top down: a room imports from those below it, never from one above or beside it in
 * its row. A file at the root of `src/` is a room of its own; all but those named here are entries, on top of the rest.
 */
export const FLOORS: readonly (readonly string[])[] = [
  ['register', 'instrumentation.ts'],
  ['helpers', 'export', 'testing'],
  ['pipeline'],
  ['doctor', 'hierarchy'],
  ['operations'],
  ['telemetry'],
  ['sdk'],
  ['config'],
  ['diagnostics'],
  ['semconv', 'util'],
];

export interface Arrow {
  readonly from: string;
  readonly to: string;
  /** Pairs of files, as `a.ts -> b.ts`. */
  readonly imports: readonly string[];
}

export interface Structure {
  readonly rooms: readonly string[];
  readonly arrows: readonly Arrow[];
  /** Arrows that run against {@link FLOORS}. */
  readonly arrowsUp: readonly Arrow[];
  /** The same for imports that have nothing but types. */
  readonly typeArrowsUp: readonly Arrow[];
  /** Groups of files that import each other's values in a circle. */
  readonly circles: readonly (readonly string[])[];
  /** Files at the root of `src/`. */
  readonly looseFiles: readonly string[];
  /** Top-level names that more than one file declares, with those files. */
  readonly sharedNames: ReadonlyMap<string, readonly string[]>;
  readonly linesByFolder: ReadonlyMap<string, number>;
}

export function describeStructure(files: readonly SourceFile[]): Structure {
  const arrows = arrowsOf(files, ({ imports }) => imports);
  const types = arrowsOf(files, ({ typeImports }) => typeImports);
  return {
    rooms: [...new Set(files.map(({ path }) => folderOf(path)))],
    arrows,
    arrowsUp: arrows.filter(runsUp),
    typeArrowsUp: types.filter(runsUp),
    circles: findCircles(files),
    looseFiles: files.map(({ path }) => path).filter((path) => !path.includes('/')),
    sharedNames: findSharedNames(files),
    linesByFolder: countLines(files),
  };
}

/** The folder directly below `src/`, or the file itself at the root. */
export function roomOf(path: string): string {
  return path.split('/')[0] ?? path;
}

function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === '.' ? path : folder;
}

function arrowsOf(
  files: readonly SourceFile[],
  importsOf: (file: SourceFile) => readonly string[],
): readonly Arrow[] {
  const arrows = new Map<string, Arrow & { imports: string[] }>();
  for (const file of files) {
    for (const imported of importsOf(file)) {
      const [from, to] = [roomOf(file.path), roomOf(imported)];
      if (from === to) continue;
      const arrow = arrows.get(`${from} ${to}`) ?? { from, to, imports: [] };
      arrow.imports.push(`${file.path} -> ${imported}`);
      arrows.set(`${from} ${to}`, arrow);
    }
  }
  return [...arrows.values()];
}

function runsUp({ from, to }: Arrow): boolean {
  return floorOf(to) <= floorOf(from) && floorOf(from) >= 0;
}

/** 0 is the top; entries are above it. */
function floorOf(room: string): number {
  return FLOORS.findIndex((floor) => floor.includes(room));
}

/** Strongly connected groups of more than one file, by Tarjan's algorithm. */
function findCircles(files: readonly SourceFile[]): string[][] {
  const importsByPath = new Map(files.map(({ path, imports }) => [path, imports]));
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
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
    if (group.length > 1) circles.push(group.sort());
  };
  const lower = (path: string, value = Number.POSITIVE_INFINITY): void => {
    lowest.set(path, Math.min(lowest.get(path) ?? value, value));
  };
  for (const { path } of files) if (!order.has(path)) visit(path);
  return circles;
}

function findSharedNames(files: readonly SourceFile[]): Map<string, string[]> {
  const places = new Map<string, string[]>();
  for (const { path, names } of files)
    for (const name of names) places.set(name, [...(places.get(name) ?? []), path]);
  return new Map([...places].filter(([, paths]) => paths.length > 1).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function countLines(files: readonly SourceFile[]): Map<string, number> {
  const lines = new Map<string, number>();
  for (const { path, lines: count } of files) {
    const room = path.includes('/') ? roomOf(path) : '(root)';
    lines.set(room, (lines.get(room) ?? 0) + count);
  }
  return lines;
}
