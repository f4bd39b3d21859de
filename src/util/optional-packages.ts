import { builtIn } from './built-in.ts';

export type CreateRequire = (from: string | URL) => NodeJS.Require;

/** The options of Node that run code instead of a file. */
const CODE_OPTION = /^(?:-e|-p|-pe|--eval|--print)(?:=|$)/;

/**
 * Finds an optional package. Searches these places in order and uses the first copy:
 *
 * 1. from the real path of the program, `process.argv[1]`;
 * 2. from the real path of this package.
 *
 * The working directory is not searched: it may belong to another user, whose packages must not run.
 *
 * @param createRequire of `node:module`; by default Node's own, if this runtime has one
 * @returns a `require` that finds the package
 */
export function findPackage(
  name: string,
  createRequire: CreateRequire | undefined = builtIn('node:module')?.createRequire,
): NodeJS.Require | undefined {
  if (createRequire === undefined) return undefined;
  return requireThatFinds(name, [programFile, packageFile], createRequire);
}

/** `undefined` if the optional package is not installed. */
export function findDependenciesOf(name: string): NodeJS.Require | undefined {
  const { createRequire } = builtIn('node:module') ?? {};
  const require = findPackage(name, createRequire);
  return require === undefined || createRequire === undefined
    ? undefined
    : requireOf(name, require, createRequire);
}

/** Searches from this package and, for a bundled copy, from the program. */
export function requireDependency(name: string, createRequire: CreateRequire): unknown {
  const require = requireThatFinds(name, [packageFile, programFile], createRequire);
  if (require === undefined) throw new Error(`${name} is not installed`);
  return require(name);
}

export function requireOf(
  name: string,
  require: NodeJS.Require,
  createRequire: CreateRequire,
): NodeJS.Require {
  return createRequire(require.resolve(name));
}

/** A `require` for Node's own modules and `require.cache`. It looks for packages near Node's executable. */
export function builtInRequire(createRequire: CreateRequire): NodeJS.Require {
  return createRequire(process.execPath);
}

type SearchPlace = (node: NodeJS.Require) => string | undefined;

function requireThatFinds(
  name: string,
  places: readonly SearchPlace[],
  createRequire: CreateRequire,
): NodeJS.Require | undefined {
  const node = builtInRequire(createRequire);
  for (const place of places) {
    try {
      const from = place(node);
      if (from === undefined) continue;
      const require = createRequire(from);
      if (installsMissing() && !isInstalled(node, require, name)) continue;
      require.resolve(name);
      return require;
    } catch {
      // The place does not exist, or the package is not there.
    }
  }
  return undefined;
}

/** Whether this is Bun, which downloads and runs a package that it resolves but cannot find. */
export function installsMissing(): boolean {
  return globalThis.process?.versions?.bun !== undefined;
}

function isInstalled(node: NodeJS.Require, require: NodeJS.Require, name: string): boolean {
  const { existsSync } = node('node:fs') as typeof import('node:fs');
  return require.resolve.paths(name)?.some((folder) => existsSync(`${folder}/${name}/package.json`)) === true;
}

function programFile(node: NodeJS.Require): string | undefined {
  const file = process.argv[1];
  if (file === undefined || runsCode() || isPackagedElectron()) return undefined;
  // Node makes a program's path absolute before it loads anything, so a relative path is not the program.
  if (!isAbsolute(node, file)) return undefined;
  // Finds the file as Node does: `node folder`, `node file-without-extension`.
  return realPath(node, node.resolve(file));
}

function packageFile(node: NodeJS.Require): string | undefined {
  const file = thisFile();
  if (file === undefined) return undefined;
  // A bundler may invent `__filename`: it may be relative, or no such file may exist.
  if (file.startsWith('file:')) return realPath(node, new URL(file));
  return isAbsolute(node, file) ? realPath(node, file) : undefined;
}

/** Whether Node was started with code instead of a file. `process.argv[1]` is then the first argument of that code. */
function runsCode(): boolean {
  return process.execArgv?.some((option) => CODE_OPTION.test(option)) === true;
}

/** Whether this is a packaged Electron app, whose `process.argv[1]` may be a document to open. */
function isPackagedElectron(): boolean {
  return process.versions.electron !== undefined && (process as { defaultApp?: boolean }).defaultApp !== true;
}

function isAbsolute(node: NodeJS.Require, file: string): boolean {
  return (node('node:path') as typeof import('node:path')).isAbsolute(file);
}

function realPath(node: NodeJS.Require, file: string | URL): string {
  return (node('node:fs') as typeof import('node:fs')).realpathSync(file);
}

/** The path or URL of this file; `__filename` in the CommonJS build. A bundler may provide neither. */
export function thisFile(): string | undefined {
  return typeof __filename === 'string' ? __filename : import.meta.url;
}
