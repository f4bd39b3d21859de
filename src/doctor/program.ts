import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { asObject, field, textField } from '../util/payload.ts';
import { NAME } from '../util/version.ts';
import { findUpwards, isRegularFile, readManifest, readRegularFile, realPathIfAny } from './files.ts';
import { type Imports, readImports } from './imports.ts';

/** A package that a program loads. */
export interface Load {
  readonly specifier: string;
  /** The file that loads it, relative to the command's folder; `undefined` if the command itself does. */
  readonly file?: string;
  /** The file in the command through which `file` is loaded. */
  readonly root?: string;
  /** The dependencies of the package. Empty for instrumentations and for this package. */
  readonly needs: readonly string[];
  /** The names and keywords in the file that loads the package. */
  readonly names: ReadonlySet<string>;
  /** Whether it is loaded as an ES module. Node can hook these from version 22.15 on. */
  readonly asModule: boolean;
  /** Whether it is loaded together with the root, before any code of the root runs. */
  readonly beforeCode: boolean;
}

/** Whether Node loads a file as an ES module, and why. */
export interface FileKind {
  readonly isModule: boolean;
  readonly by: string;
}

const MAX_FILES = 500;
/** Size limits in bytes: of a file that is searched for a bundled `openai`, and of one whose imports are read. */
const MAX_PROGRAM_FILE_SIZE = 20_000_000;
const MAX_SOURCE_SIZE = 1_000_000;

/** Names of headers in the source of every version of `openai`. Other SDKs contain at most one of them. */
const OPENAI_MARKS: readonly string[] = ['X-Stainless-Lang', 'OpenAI-Organization'];

/** A path alias for a file of the program, which package.json, TypeScript or a bundler resolves. */
const ALIAS = /^(?:[#~]|@\/)/;
const EXTENSIONS = ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.tsx', '.jsx'];

/** Reads the files of a program and what they import, within the project. Runs none of them. */
export class Program {
  readonly loads: Load[] = [];
  /** The first file found that contains a bundled `openai`. */
  bundle: string | undefined;
  /** Whether `loads` may be incomplete, because a file was not read or not understood. */
  isIncomplete = false;
  readonly #root: string;
  readonly #folder: string;
  readonly #transpiles: boolean;
  readonly #visited = new Set<string>();
  /** Manifests by folder, kept because many imports look for their package in the same folders. */
  readonly #manifests = new Map<string, unknown>();

  /**
   * @param root the folder of the project: files above it are not read
   * @param folder the folder where the command runs, to which file names are relative
   * @param transpiles whether TypeScript runs as CommonJS if package.json has no `"type"`, as with `tsx` and `ts-node`
   */
  constructor(root: string, folder: string, transpiles: boolean) {
    this.#root = join(realPathIfAny(root) ?? root, sep);
    this.#folder = realPathIfAny(folder) ?? folder;
    this.#transpiles = transpiles;
  }

  /** Reads a file that the command names, and the files that it loads. @returns `undefined` if it cannot be read */
  read(root: string): FileKind | undefined {
    const path = resolve(this.#folder, root);
    const start = realPathIfAny(resolveFile(path) ?? path);
    let rootKind: FileKind | undefined;
    // Both grow while they are read. A file that is loaded before any code runs, and again later, counts as early.
    const early = start === undefined ? [] : [start];
    const late: string[] = [];
    for (const files of [early, late])
      for (const file of files) {
        if (this.#visited.has(file)) continue;
        const isOutside = this.#visited.size >= MAX_FILES || !file.startsWith(this.#root);
        const text = isOutside ? undefined : readRegularFile(file, MAX_PROGRAM_FILE_SIZE);
        this.isIncomplete ||= isOutside && file !== start;
        if (text === undefined) continue;
        this.#visited.add(file);
        const { imports, names, isModule } = this.#importsOf(file, text);
        const kind = this.#kindOf(file, isModule);
        rootKind ??= kind;
        for (const { specifier, by } of imports) {
          const asModule = by === 'import()' || (by === 'import' && kind.isModule);
          const beforeCode = by === 'import' && kind.isModule && files === early;
          const how = { file: this.#nameOf(file), root, names, asModule, beforeCode };
          const loaded = this.#load(specifier, file, how);
          if (loaded !== undefined) (beforeCode ? early : late).push(loaded);
        }
      }
    return rootKind;
  }

  #importsOf(file: string, text: string): Imports {
    const hasOpenAI = OPENAI_MARKS.every((mark) => text.includes(mark));
    // A bundle that also contains this package may instrument its clients without module hooks.
    if (hasOpenAI && text.includes(NAME)) this.isIncomplete = true;
    else if (hasOpenAI) this.bundle ??= this.#nameOf(file);
    try {
      if (text.length <= MAX_SOURCE_SIZE) return readImports(text, file);
    } catch {
      // The file is not valid JavaScript or TypeScript.
    }
    this.isIncomplete = true;
    return { imports: [], names: new Set(), isModule: false };
  }

  /** Records the package that a specifier names. @returns the file of the program that it names instead, if any */
  #load(given: string, from: string, how: Omit<Load, 'specifier' | 'needs'>): string | undefined {
    if (/^\.{1,2}(?:\/|$)/.test(given)) {
      const found = resolveFile(join(dirname(from), given.replace(/[?#][\s\S]*/, '')));
      return found === undefined || extname(found) === '.json' ? undefined : realPathIfAny(found);
    }
    if (ALIAS.test(given)) this.isIncomplete = true;
    // Deno and Bun accept `npm:openai@6`: remove the prefix and the version.
    const specifier = given.startsWith('npm:') ? given.slice(4).replace(/(?<=.)@[^/]*/, '') : given;
    this.loads.push({ ...how, specifier, needs: this.#needsOf(specifier, dirname(from)) });
    return undefined;
  }

  #needsOf(specifier: string, folder: string): string[] {
    const name = /^(?:@[^/]+\/)?[^/@.#:][^/:]*/.exec(specifier)?.[0];
    if (name === undefined || name === NAME || /instrumentation/.test(name)) return [];
    const manifest = findUpwards(folder, (each) => this.#manifestIn(join(each, 'node_modules', name)));
    return ['dependencies', 'peerDependencies'].flatMap((key) =>
      Object.keys(asObject(field(manifest, key)) ?? {}),
    );
  }

  #manifestIn(folder: string): unknown {
    if (!this.#manifests.has(folder)) this.#manifests.set(folder, readManifest(folder));
    return this.#manifests.get(folder);
  }

  /** How Node loads a file: its extension decides, or else the nearest package.json, or else its syntax. */
  #kindOf(file: string, hasModuleSyntax: boolean): FileKind {
    const extension = extname(file);
    if (/^\.[mc][jt]s$/.test(extension))
      return { isModule: extension.startsWith('.m'), by: `its name ends in ${extension}` };
    const manifest = findUpwards(dirname(file), (folder) => this.#manifestIn(folder));
    const type = textField(manifest, 'type');
    if (type === 'module' || type === 'commonjs')
      return { isModule: type === 'module', by: `"type": "${type}"` };
    return hasModuleSyntax && !(this.#transpiles && extension !== '.js')
      ? { isModule: true, by: 'it has import or export statements' }
      : { isModule: false, by: 'no "type"' };
  }

  #nameOf(file: string): string {
    return relative(this.#folder, file) || basename(file);
  }
}

/** The file that Node, a bundler or TypeScript loads for a path. For a folder: its `main`, or its index. */
function resolveFile(path: string): string | undefined {
  const main = textField(readManifest(path), 'main');
  const inFolder = main === undefined ? ['index'] : [main, join(main, 'index'), 'index'];
  const candidates = [path, ...inFolder.map((name) => join(path, name))].flatMap((name) =>
    EXTENSIONS.map((extension) => name + extension),
  );
  // TypeScript imports a file by the name that it has once it is compiled.
  const sources = [path.replace(/(\.[mc]?)js$/, '$1ts'), path.replace(/\.js$/, '.tsx')];
  return [path, ...sources, ...candidates].find(isRegularFile);
}
