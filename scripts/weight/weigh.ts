import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPEATABLE_FLAGS } from '../../test/budget/measure.ts';
import { mustRun } from '../../test/support/lanes/command.ts';
import { ROOT } from '../../test/support/lanes/paths.ts';
import { pageConstants } from '../page/assets.ts';
import { readSource, type SourceFile } from './source.ts';

/** The project's weight. The figures are the same in every run and on every machine. */
export interface Weight {
  /** The figures that have a limit: see `limits.ts`. */
  readonly figures: Readonly<Record<string, number>>;
  /** The lines in each folder, for information. */
  readonly lines: Readonly<Record<string, number>>;
}

/** The numbers of distinct files and functions of `src/` that an operation runs. */
export interface Hops {
  readonly files: number;
  readonly functions: number;
}

export const OPERATIONS = [
  'chat',
  'chat with content',
  'chat streamed',
  'thread, run streamed, steps',
] as const;

const DIST = join(ROOT, 'dist');
const VIEWER = 'viewer/src';

/** Measures the weight. Needs the `dist/` of `npm run build`. */
export async function weigh(): Promise<Weight> {
  const src = readSource('src');
  const viewer = readSource(VIEWER, /\.(?:tsx?|css)$/);
  return {
    figures: {
      'lines of src': linesOf(src),
      'lines of the viewer': linesOf(viewer),
      ...(await countBytes()),
      ...(await countAllHops()),
    },
    lines: { ...linesByFolder(src), test: linesOf(readSource('test')) },
  };
}

function linesOf(files: readonly SourceFile[]): number {
  return files.reduce((sum, { lines }) => sum + lines, 0);
}

function linesByFolder(files: readonly SourceFile[]): Record<string, number> {
  const folders = Map.groupBy(files, ({ path }) => path.split('/').slice(0, -1).slice(0, 2).join('/'));
  return Object.fromEntries([...folders].map(([folder, inside]) => [folder, linesOf(inside)]));
}

/** The bytes of the built files, which are minified already. */
async function countBytes(): Promise<Record<string, number>> {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, string | Record<string, string>>;
  };
  const entries = Object.values(exports).flatMap((files) =>
    typeof files === 'string' ? [] : Object.values(files),
  );
  const loadable = filesLoadedBy(entries.map((file) => file.replace('./dist/', '')));
  const command = [...filesLoadedBy(['cli.cjs'])].filter((file) => !loadable.has(file));
  const { script, style } = await pageConstants();
  const page = Buffer.byteLength(script) + Buffer.byteLength(style);
  return {
    'bytes that a program can load': bytesOf(loadable) - page,
    'bytes of the page': page,
    'bytes of the command': bytesOf(command),
  };
}

/** These files of `dist/`, and all files that they may load later. */
function filesLoadedBy(entries: readonly string[]): Set<string> {
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    const text = readFileSync(join(DIST, file), 'utf8');
    for (const [, loaded = ''] of text.matchAll(/["'`]\.\/([\w.-]+\.[cm]js)["'`]/g)) visit(loaded);
  };
  for (const entry of entries) visit(entry);
  return found;
}

function bytesOf(files: Iterable<string>): number {
  return [...files].reduce((sum, file) => sum + readFileSync(join(DIST, file)).length, 0);
}

async function countAllHops(): Promise<Record<string, number>> {
  const counted = await Promise.all(
    OPERATIONS.map(async (operation) => {
      const { files, functions } = await countHops(operation);
      return [
        [`${operation}: files`, files],
        [`${operation}: functions`, functions],
      ] as const;
    }),
  );
  return Object.fromEntries(counted.flat());
}

/** Counts in a separate process per operation, so that no operation loads code for another. */
async function countHops(operation: string): Promise<Hops> {
  const program = join(import.meta.dirname, 'hops.ts');
  // V8 does not count functions exactly that come compiled from a cache.
  const env = { NODE_DISABLE_COMPILE_CACHE: '1' };
  return JSON.parse(
    await mustRun(process.execPath, [...REPEATABLE_FLAGS, program, operation], { cwd: ROOT, env }),
  );
}
