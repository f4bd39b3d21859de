import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { asObject, field, textField } from '../util/payload.ts';
import { NAME } from '../util/version.ts';
import { isRegularFile, nearestManifest, readManifest, readRegularFile, realPathIfAny } from './files.ts';
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

interface Visit {
  readonly file: string;
  readonly beforeCode: boolean;
}

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

class ProgramFiles {
  readonly #root: string;
  readonly #folder: string;
  readonly #transpiles: boolean;
  readonly #openai: OpenAIImport[] = [];
  #setUp: SetUp | undefined;
  #byHand: string | undefined;
  #bundle: string | undefined;
  #hasSdk = false;
  #isIncomplete = false;

  constructor(root: string, folder: string, transpiles: boolean) {
    this.#root = root;
    this.#folder = folder;
    this.#transpiles = transpiles;
  }

  read(start: string): Program | undefined {
    let entryKind: { kind: ModuleKind; by: string } | undefined;
    const visited = new Set<string>();
    // What is loaded before any code comes first: a file that is also loaded later counts as early.
    const early: Visit[] = [{ file: start, beforeCode: true }];
    const late: Visit[] = [];
    for (let next = early.shift(); next !== undefined; next = early.shift() ?? late.shift()) {
      const { file, beforeCode } = next;
      if (visited.has(file)) continue;
      if (visited.size >= MAX_FILES || !this.#isInside(file)) {
        this.#isIncomplete = true;
        continue;
      }
      visited.add(file);
      const text = readRegularFile(file, MAX_PROGRAM_FILE_SIZE);
      const imports = text === undefined ? undefined : this.#importsOf(file, text);
      if (imports === undefined) continue;
      const kind = kindOf(file, imports, this.#transpiles);
      entryKind ??= kind;
      this.#note(file, imports, kind.kind, beforeCode);
      const isModule = kind.kind === 'module';
      const statically = imports.statically.map((specifier) => [specifier, isModule && beforeCode] as const);
      const later = [...imports.dynamically, ...imports.required].map((each) => [each, false] as const);
      for (const [specifier, before] of [...statically, ...later]) {
        const target = this.#resolve(specifier, file);
        if (ALIAS.test(specifier)) this.#isIncomplete = true;
        if (target !== undefined) (before ? early : late).push({ file: target, beforeCode: before });
      }
    }
    if (entryKind === undefined) return undefined;
    return {
      kind: entryKind.kind,
      kindBy: entryKind.by,
      openai: this.#openai,
      setUp: this.#setUp,
      byHand: this.#byHand,
      bundle: this.#bundle,
      hasSdk: this.#hasSdk,
      isIncomplete: this.#isIncomplete,
    };
  }

  #importsOf(file: string, text: string): ModuleImports | undefined {
    const hasOpenAI = OPENAI_MARKS.every((mark) => text.includes(mark));
    // A bundle that has this package too may observe its clients by hand.
    if (hasOpenAI && text.includes(NAME)) this.#isIncomplete = true;
    else if (hasOpenAI) this.#bundle ??= this.#name(file);
    const isLarge = text.length > MAX_SOURCE_SIZE;
    if (isLarge) this.#isIncomplete = true;
    try {
      return readImports(isLarge ? '' : text);
    } catch {
      // Text that is made to exhaust the expressions which read it.
      this.#isIncomplete = true;
      return undefined;
    }
  }

  /** Takes note of the packages that a file loads. */
  #note(file: string, imports: ModuleImports, kind: ModuleKind, beforeCode: boolean): void {
    const { statically, dynamically, required, names } = imports;
    const isModule = kind === 'module';
    const name = this.#name(file);
    const loads: readonly (readonly [specifiers: readonly string[], asModule: boolean, early: boolean])[] = [
      [statically, isModule, isModule && beforeCode],
      [dynamically, true, false],
      [required, false, false],
    ];
    for (const [specifiers, asModule, early] of loads) {
      for (const specifier of specifiers.map(withoutScheme)) {
        if (specifier === `${NAME}/register`) this.#setUp ??= { file: name, isRegister: true };
        if (specifier === NAME && names.has('OpenAIInstrumentation'))
          this.#setUp ??= { file: name, isRegister: false };
        if (specifier === `${NAME}/openai`) this.#byHand ??= name;
        if (specifier === `${NAME}/client` && names.has('instrumentOpenAI')) this.#byHand ??= name;
        const needed = this.#dependenciesOf(specifier, file);
        if (/^openai(?:\/|$)/.test(specifier) || needed.includes('openai'))
          this.#openai.push({ file: name, asModule, beforeCode: early });
        if (mayStartSdk(specifier) || needed.some((each) => each.startsWith('@opentelemetry/sdk-')))
          this.#hasSdk = true;
      }
    }
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
    const manifest = readManifest(join(folder, 'node_modules', name));
    const above = dirname(folder);
    return manifest ?? (above === folder ? undefined : this.#manifestOf(name, above));
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

/** How Node takes a file: by its extension, else by the nearest package.json, else by its syntax. */
function kindOf(file: string, imports: ModuleImports, transpiles: boolean): { kind: ModuleKind; by: string } {
  const extension = extname(file);
  if (/^\.m[jt]s$/.test(extension)) return { kind: 'module', by: `its name ends in ${extension}` };
  if (/^\.c[jt]s$/.test(extension)) return { kind: 'commonjs', by: `its name ends in ${extension}` };
  const type = textField(nearestManifest(dirname(file))?.manifest, 'type');
  if (type === 'module' || type === 'commonjs') return { kind: type, by: `"type": "${type}"` };
  if (transpiles && extension !== '.js') return { kind: 'commonjs', by: 'no "type"' };
  return imports.hasModuleSyntax
    ? { kind: 'module', by: 'it has import or export statements' }
    : { kind: 'commonjs', by: 'no "type"' };
}
