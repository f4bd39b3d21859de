import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { asObject, field, textField } from '../util/payload.ts';
import { NAME } from '../util/version.ts';
import { isRegularFile, readManifest, readRegularFile, realPathIfAny } from './files.ts';
import { type ModuleImports, readImports } from './module-imports.ts';

export type ModuleKind = 'module' | 'commonjs';

/** An import of `openai` in a file of the program. */
export interface OpenAIImport {
  /** The file, from where the command is run. */
  readonly file: string;
  /** As an ES module it is hooked on Node 22.15 and later only. */
  readonly asModule: boolean;
  /** Loaded together with the entry, before any code of the program runs. */
  readonly beforeCode: boolean;
}

/** A file that sets the instrumentation up: with `OpenAIInstrumentation` or `…/register`. */
export interface SetUp {
  readonly file: string;
  readonly isRegister: boolean;
}

/** What a program loads, as far as its files tell. */
export interface Program {
  readonly kind: ModuleKind;
  /** What tells the kind. */
  readonly kindBy: string;
  readonly openai: readonly OpenAIImport[];
  readonly setUp: SetUp | undefined;
  /** A file that observes clients without hooks: by `…/openai`, or by `instrumentOpenAI`. */
  readonly byHand: string | undefined;
  /** A file that `openai` is bundled into. */
  readonly bundle: string | undefined;
  /** A file imports what starts an SDK, or may do so. */
  readonly hasSdk: boolean;
  /** Not everything was read. */
  readonly isIncomplete: boolean;
}

const MAX_FILES = 500;
/** Bytes of a file that is searched for a bundled `openai`, and of one whose imports are read. */
const MAX_PROGRAM_FILE_SIZE = 20_000_000;
const MAX_SOURCE_SIZE = 1_000_000;

/** Headers that every version of `openai` sends; other SDKs have one of them at most. */
const OPENAI_MARKS: readonly string[] = ['X-Stainless-Lang', 'OpenAI-Organization'];

const EXTENSIONS = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.tsx', '.jsx'];
/** What TypeScript calls a file in an import, and what it is. */
const TYPESCRIPT_EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
};

/** An alias of a file of the program, which package.json, TypeScript or a bundler resolves. */
const ALIAS = /^(?:[#~]|@\/)/;

/** Of a file that cannot be parsed. */
const NO_IMPORTS: ModuleImports = {
  statically: [],
  dynamically: [],
  required: [],
  isModule: false,
  names: new Set(),
};

export interface ProgramPlace {
  /** The folder of the project: files above it are not read. */
  readonly root: string;
  /** Where the command is run. Names of files start from it. */
  readonly folder: string;
  /** Whether TypeScript without a `"type"` runs as CommonJS, as `tsx` and `ts-node` run it. */
  readonly transpiles: boolean;
}

/**
 * Reads the files of a program and what they import, within the project. Nothing of it is run.
 *
 * @param entry absolute
 * @returns `undefined` if the entry cannot be read
 */
export function readProgram(
  entry: string,
  { root: project, folder, transpiles }: ProgramPlace,
): Program | undefined {
  const start = realPathIfAny(resolveFile(entry) ?? entry);
  const root = realPathIfAny(project);
  if (start === undefined || root === undefined) return undefined;
  const found = new ProgramFiles(root, realPathIfAny(folder) ?? root, transpiles);
  return found.read(start);
}

type FoundProgram = { -readonly [Key in keyof Program]: Program[Key] } & { readonly openai: OpenAIImport[] };

/** How a file loads what it imports. */
type Loading = Pick<OpenAIImport, 'asModule' | 'beforeCode'>;

class ProgramFiles {
  readonly #root: string;
  readonly #folder: string;
  readonly #transpiles: boolean;
  readonly #found: FoundProgram = {
    kind: 'commonjs',
    kindBy: '',
    openai: [],
    setUp: undefined,
    byHand: undefined,
    bundle: undefined,
    hasSdk: false,
    isIncomplete: false,
  };
  /** By their folders: each import looks for its package in the same ones. */
  readonly #manifests = new Map<string, unknown>();

  constructor(root: string, folder: string, transpiles: boolean) {
    this.#root = root;
    this.#folder = folder;
    this.#transpiles = transpiles;
  }

  read(start: string): Program | undefined {
    const visited = new Set<string>();
    // What is loaded before any code comes first: a file that is also loaded later counts as early.
    const early = [start];
    const late: string[] = [];
    for (;;) {
      const isEarly = early.length > 0;
      const file = early.shift() ?? late.shift();
      if (file === undefined) return this.#found;
      if (visited.has(file)) continue;
      if (visited.size >= MAX_FILES || !this.#isInside(file)) {
        this.#found.isIncomplete = true;
        if (file === start) return undefined;
        continue;
      }
      visited.add(file);
      const text = readRegularFile(file, MAX_PROGRAM_FILE_SIZE);
      if (text === undefined && file === start) return undefined;
      if (text === undefined) continue;
      const imports = this.#importsOf(file, text);
      const { kind, by } = this.#kindOf(file, imports);
      if (file === start) Object.assign(this.#found, { kind, kindBy: by });
      const asModule = kind === 'module';
      const beforeCode = asModule && isEarly;
      (beforeCode ? early : late).push(
        ...this.#load(file, imports.names, imports.statically, { asModule, beforeCode }),
      );
      late.push(
        ...this.#load(file, imports.names, imports.dynamically, { asModule: true, beforeCode: false }),
        ...this.#load(file, imports.names, imports.required, { asModule: false, beforeCode: false }),
      );
    }
  }

  #importsOf(file: string, text: string): ModuleImports {
    const hasOpenAI = OPENAI_MARKS.every((mark) => text.includes(mark));
    // A bundle that has this package too may observe its clients by hand.
    if (hasOpenAI && text.includes(NAME)) this.#found.isIncomplete = true;
    else if (hasOpenAI) this.#found.bundle ??= this.#name(file);
    try {
      if (text.length <= MAX_SOURCE_SIZE) return readImports(text, file);
    } catch {
      // Syntax that is not known, or nested too deep.
    }
    this.#found.isIncomplete = true;
    return NO_IMPORTS;
  }

  /**
   * Takes note of the packages that a file loads.
   *
   * @returns the files of the program among what it loads
   */
  #load(file: string, names: ReadonlySet<string>, specifiers: readonly string[], loading: Loading): string[] {
    const found = this.#found;
    const name = this.#name(file);
    return specifiers.flatMap((given) => {
      if (ALIAS.test(given)) found.isIncomplete = true;
      const specifier = withoutScheme(given);
      if (specifier === `${NAME}/register`) found.setUp ??= { file: name, isRegister: true };
      if (specifier === NAME && names.has('OpenAIInstrumentation'))
        found.setUp ??= { file: name, isRegister: false };
      if (specifier === `${NAME}/openai`) found.byHand ??= name;
      if (specifier === `${NAME}/client` && names.has('instrumentOpenAI')) found.byHand ??= name;
      const needed = this.#dependenciesOf(specifier, file);
      if (/^openai(?:\/|$)/.test(specifier) || needed.includes('openai'))
        found.openai.push({ file: name, ...loading });
      if (mayStartSdk(specifier) || needed.some((each) => each.startsWith('@opentelemetry/sdk-')))
        found.hasSdk = true;
      return this.#resolve(given, file) ?? [];
    });
  }

  /** What a package needs, if it is no instrumentation. */
  #dependenciesOf(specifier: string, file: string): string[] {
    const name = /^(?:@[^/]+\/)?[^/@.#:][^/:]*/.exec(specifier)?.[0];
    if (name === undefined || name === NAME || /instrumentation/.test(name)) return [];
    const manifest = this.#manifestOf(name, dirname(file));
    return ['dependencies', 'peerDependencies'].flatMap((key) =>
      Object.keys(asObject(field(manifest, key)) ?? {}),
    );
  }

  #manifestOf(name: string, folder: string): unknown {
    const manifest = this.#manifest(join(folder, 'node_modules', name));
    const above = dirname(folder);
    return manifest ?? (above === folder ? undefined : this.#manifestOf(name, above));
  }

  #manifest(folder: string): unknown {
    if (!this.#manifests.has(folder)) this.#manifests.set(folder, readManifest(folder));
    return this.#manifests.get(folder);
  }

  /** How Node takes a file: by its extension, else by the nearest package.json, else by its syntax. */
  #kindOf(file: string, imports: ModuleImports): { kind: ModuleKind; by: string } {
    const extension = extname(file);
    if (/^\.m[jt]s$/.test(extension)) return { kind: 'module', by: `its name ends in ${extension}` };
    if (/^\.c[jt]s$/.test(extension)) return { kind: 'commonjs', by: `its name ends in ${extension}` };
    const type = textField(this.#nearestManifest(dirname(file)), 'type');
    if (type === 'module' || type === 'commonjs') return { kind: type, by: `"type": "${type}"` };
    if (this.#transpiles && extension !== '.js') return { kind: 'commonjs', by: 'no "type"' };
    return imports.isModule
      ? { kind: 'module', by: 'it has import or export statements' }
      : { kind: 'commonjs', by: 'no "type"' };
  }

  #nearestManifest(folder: string): unknown {
    const manifest = this.#manifest(folder);
    const above = dirname(folder);
    return manifest ?? (above === folder ? undefined : this.#nearestManifest(above));
  }

  #resolve(specifier: string, from: string): string | undefined {
    if (!/^\.{1,2}(?:\/|$)/.test(specifier)) return undefined;
    const file = resolveFile(join(dirname(from), specifier.replace(/[?#][\s\S]*/, '')));
    return file === undefined || extname(file) === '.json' ? undefined : realPathIfAny(file);
  }

  #isInside(file: string): boolean {
    return file.startsWith(this.#root.endsWith(sep) ? this.#root : this.#root + sep);
  }

  #name(file: string): string {
    return relative(this.#folder, file) || basename(file);
  }
}

/** Whether a module starts an SDK, as far as its name tells. */
export function mayStartSdk(specifier: string): boolean {
  if (specifier === `${NAME}/register`) return true;
  if (/^[./]|^@opentelemetry\/(?:api|semantic|instr)/.test(specifier) || specifier.startsWith(NAME))
    return false;
  return /otel|telemetry|trac|apm|newrelic|logfire|langfuse|sentry/i.test(specifier);
}

/** Deno and Bun: `npm:openai@6`. */
function withoutScheme(specifier: string): string {
  return specifier.startsWith('npm:') ? specifier.slice(4).replace(/(?<=.)@[^/]*/, '') : specifier;
}

/** A file as Node, a bundler or TypeScript would find it. */
function resolveFile(path: string): string | undefined {
  const extension = extname(path);
  const base = path.slice(0, path.length - extension.length);
  const candidates = [
    path,
    ...(TYPESCRIPT_EXTENSIONS[extension] ?? []).map((each) => base + each),
    ...EXTENSIONS.map((each) => path + each),
  ];
  return candidates.find(isRegularFile) ?? resolveFolder(path);
}

/** A folder, by the `main` of its package.json or by its index. */
function resolveFolder(path: string): string | undefined {
  const main = textField(readManifest(path), 'main');
  const named =
    main === undefined ? [] : [main, ...EXTENSIONS.flatMap((each) => [main + each, `${main}/index${each}`])];
  return [...named, ...EXTENSIONS.map((each) => `index${each}`)]
    .map((each) => join(path, each))
    .find(isRegularFile);
}
