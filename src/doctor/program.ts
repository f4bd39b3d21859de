import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { asObject, field, textField } from '../util/payload.ts';
import { NAME } from '../util/version.ts';
import { distinct } from './check.ts';
import { findUpwards, isRegularFile, readManifest, readRegularFile, realPathIfAny } from './files.ts';
import { type Imports, readImports } from './imports.ts';

export const REGISTER: string = `${NAME}/register`;

/** What is loaded: it sets up hooks, traces without them, uses `openai`, contains it, or is another load hook. */
type Role = 'sets up' | 'traces by hand' | 'uses openai' | 'bundled openai' | 'hooks loads';

export interface Load {
  readonly specifier: string;
  readonly role: Role | undefined;
  /** The file that loads or contains it, relative to the command's folder; `undefined` if the command itself does. */
  readonly file?: string;
  /** The file in the command through which `file` is loaded. */
  readonly root?: string;
  /** Whether it is loaded together with the root, before any code of the root runs. */
  readonly isEarly?: boolean;
}

export type FileKind = readonly [isModule: boolean, reason: string];

const MAX_FILES = 500;
/** Size limits in bytes: of a file that is searched for a bundled `openai`, and of one whose imports are read. */
const MAX_PROGRAM_FILE_SIZE = 20_000_000;
const MAX_SOURCE_SIZE = 1_000_000;

/** Names of headers in the source of every version of `openai`. Other SDKs contain at most one of them. */
const OPENAI_MARKS: readonly string[] = ['X-Stainless-Lang', 'OpenAI-Organization'];

/** A file that registers a load hook itself. */
const LOAD_HOOK = /\bregisterHooks\s*\(\s*\{[^}]*\bload\b/;

const EXTENSIONS = ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.tsx', '.jsx'];

/**
 * Reads the files that a command names, and what they import, within the project. Runs none of them.
 *
 * @param named the names of these files. `kinds` says what each of them is; `undefined` if it cannot be read
 * @param project the folder of the project: files above it are not read
 * @param folder the folder where the command runs, to which file names are relative
 * @param transpiles whether TypeScript runs as CommonJS if package.json has no `"type"`, as with `tsx`
 */
export function readProgram(
  named: readonly string[],
  project: string,
  folder: string,
  transpiles: boolean,
): { loads: Load[]; kinds: Map<string, FileKind | undefined> } {
  const loads: Load[] = [];
  const read = new Map<string, { kind?: FileKind; isEarly: boolean }>();
  const top = join(realPathIfAny(project) ?? project, sep);
  const base = realPathIfAny(folder) ?? folder;

  function readFile(path: string, root: string, isEarly: boolean): FileKind | undefined {
    const known = read.get(path);
    // A file that was read as late is read again if it is loaded early, too.
    if (known !== undefined ? known.isEarly || !isEarly : read.size >= MAX_FILES) return known?.kind;
    const source = path.startsWith(top) ? readRegularFile(path, MAX_PROGRAM_FILE_SIZE) : undefined;
    if (source === undefined) return undefined;
    const { imports, hasModuleSyntax } = importsOf(source, path);
    const kind = fileKind(path, hasModuleSyntax, transpiles);
    read.set(path, { kind, isEarly });
    const file = relative(base, path) || basename(path);
    // A bundle that also contains this package may instrument its clients without module hooks.
    if (OPENAI_MARKS.every((mark) => source.includes(mark)) && !source.includes(NAME))
      loads.push({ specifier: 'openai', role: 'bundled openai', file, root });
    if (LOAD_HOOK.test(source)) loads.push({ specifier: 'node:module', role: 'hooks loads', file, root });
    for (const { specifier, by } of distinct(imports)) {
      const isStatic = by === 'import' && kind[0] && isEarly;
      if (/^\.{1,2}(?:\/|$)/.test(specifier)) {
        const loaded = resolveFile(join(dirname(path), specifier.replace(/[?#][\s\S]*/, '')));
        if (loaded !== undefined && !loaded.endsWith('.json')) readFile(loaded, root, isStatic);
      } else
        loads.push({ specifier, role: packageRole(specifier, source, path), file, root, isEarly: isStatic });
    }
    return kind;
  }

  const kinds = new Map(
    named.map((name) => [name, readFile(resolveFile(resolve(base, name)) ?? '', name, true)]),
  );
  return { loads, kinds };
}

function importsOf(source: string, path: string): Imports {
  try {
    if (source.length <= MAX_SOURCE_SIZE) return readImports(source, path);
  } catch {
    // An unclosed literal may exhaust the stack.
  }
  return { imports: [], hasModuleSyntax: false };
}

/** The extension, package.json or syntax decides, in this order. `transpiles` ignores TypeScript's syntax. */
function fileKind(path: string, hasModuleSyntax: boolean, transpiles: boolean): FileKind {
  const extension = extname(path);
  if (/^\.[mc][jt]s$/.test(extension)) return [extension.startsWith('.m'), `its name ends in ${extension}`];
  const type = textField(findUpwards(dirname(path), readManifest), 'type');
  if (type === 'module' || type === 'commonjs') return [type === 'module', `"type": "${type}"`];
  const isModule = hasModuleSyntax && !(transpiles && extension !== '.js');
  return [isModule, isModule ? 'it has import or export statements' : 'no "type"'];
}

export function packageRole(specifier: string, source: string, path: string): Role | undefined {
  // Deno and Bun accept `npm:openai@6`.
  const [, name = '', entry = ''] =
    /^(?:npm:)?((?:@[^/]+\/)?[^/@.#:][^/:@]*)(?:@[^/]*)?(.*)/.exec(specifier) ?? [];
  if (name === 'openai') return 'uses openai';
  if (name === NAME) {
    if (entry === '/register' || (entry === '' && source.includes('OpenAIInstrumentation'))) return 'sets up';
    const isByHand = entry === '/openai' || (entry === '/client' && source.includes('instrumentOpenAI'));
    return isByHand ? 'traces by hand' : undefined;
  }
  // Instrumentations have `openai` as a peer, but do not use it.
  if (name === '' || name.includes('instrumentation')) return undefined;
  const manifest = findUpwards(dirname(path), (each) => readManifest(join(each, 'node_modules', name)));
  const needed = ['dependencies', 'peerDependencies'].map((key) => asObject(field(manifest, key)) ?? {});
  return needed.some((each) => Object.hasOwn(each, 'openai')) ? 'uses openai' : undefined;
}

/** The real path of what Node, a bundler or TypeScript loads for a path. For a folder: its `main`, or its index. */
function resolveFile(path: string): string | undefined {
  const main = textField(readManifest(path), 'main') ?? 'index';
  // TypeScript imports a file by the name of its compiled form.
  const sources = [path.replace(/(\.[mc]?)js$/, '$1ts'), path.replace(/\.js$/, '.tsx')];
  const inFolder = [main, join(main, 'index'), 'index'].map((name) => join(path, name));
  const candidates = [path, ...sources, ...inFolder].flatMap((name) => EXTENSIONS.map((each) => name + each));
  const found = candidates.find(isRegularFile);
  return found === undefined ? undefined : realPathIfAny(found);
}
