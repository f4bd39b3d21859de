import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPEATABLE_FLAGS } from '../../test/budget/measure.ts';
import { mustRun } from '../../test/support/lanes/command.ts';
import { ROOT } from '../../test/support/lanes/paths.ts';
import { pageConstants } from '../page/assets.ts';
import { readSource, SOURCE, type SourceFile } from '../structure/source.ts';
import { topFolderOf } from '../structure/structure.ts';

/** The project's weight. The figures are the same in every run and on every machine. */
export interface Weight {
  /** The figures that may only go down. */
  readonly figures: Readonly<Record<string, number>>;
  /** The lines in each place. Lines may move from one place to another. */
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
const SHORT_FILE_LINES = 40;

/** Patterns for state. The sources are formatted, so declarations at the top level start in the first column. */
const STATE: Readonly<Record<string, RegExp>> = {
  'module-level lets': /^(?:export )?let /gm,
  'module-level collections': /^(?:export )?const .*=\s*new (?:Weak)?(?:Map|Set)\b/gm,
  'values in the state of the process': /\bnew ProcessWide\b/g,
  'calls of setTimeout and setInterval': /\bset(?:Timeout|Interval)\(/g,
};

/** Measures the weight. Needs the `dist/` of `npm run build`. */
export async function weigh(): Promise<Weight> {
  const files = readSource().filter(({ path }) => !path.startsWith('semconv/'));
  const texts = files.map(({ path }) => readFileSync(join(SOURCE, path), 'utf8'));
  return {
    figures: {
      'lines of src': linesOf(files),
      'files of src': files.length,
      'files under 40 lines': files.filter(({ lines }) => lines < SHORT_FILE_LINES).length,
      ...(await countBytes()),
      ...(await countAllHops()),
      ...Object.fromEntries(
        Object.entries(STATE).map(([name, pattern]) => [
          name,
          texts.reduce((sum, text) => sum + [...text.matchAll(pattern)].length, 0),
        ]),
      ),
    },
    lines: { ...linesByFolder(files), ...linesOfTests() },
  };
}

function linesOf(files: readonly SourceFile[]): number {
  return files.reduce((sum, { lines }) => sum + lines, 0);
}

function linesByFolder(files: readonly SourceFile[]): Record<string, number> {
  const folders = Map.groupBy(files, ({ path }) => (path.includes('/') ? topFolderOf(path) : '(root)'));
  return Object.fromEntries([...folders].map(([folder, inside]) => [`src/${folder}`, linesOf(inside)]));
}

/** The lines of tests that break if files of `src/` move, and of tests that only use the package. */
function linesOfTests(): Record<string, number> {
  const files = new Map(readSource(join(ROOT, 'test')).map((file) => [file.path, file]));
  const importers = new Map<string, boolean>();
  const importsSource = (path: string): boolean => {
    const known = importers.get(path);
    if (known !== undefined) return known;
    importers.set(path, false);
    const { imports = [], typeImports = [] } = files.get(path) ?? {};
    const found =
      path.startsWith('../src/') || [...imports, ...typeImports].some((imported) => importsSource(imported));
    importers.set(path, found);
    return found;
  };
  const { inside = [], outside = [] } = Object.groupBy(files.values(), ({ path }) =>
    importsSource(path) ? 'inside' : 'outside',
  );
  return { 'tests that import src': linesOf(inside), 'tests that only use the package': linesOf(outside) };
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
