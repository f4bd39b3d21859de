import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { textField } from '../payload.ts';

/** A package in a `node_modules` folder. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** Where it really is: links are followed. */
  readonly directory: string;
}

/**
 * The copies of the named packages that are installed in a project, wherever they are nested; also below
 * `node_modules/.pnpm`. What cannot be read is left out.
 */
export function findInstalled(project: string, names: ReadonlySet<string>): InstalledPackage[] {
  const found = new Map<string, InstalledPackage>();
  const visited = new Set<string>();
  const waiting = [join(project, 'node_modules')];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const real = realPath(folder);
    if (real === undefined || visited.has(real)) continue;
    visited.add(real);
    for (const [name, directory] of packagesIn(real)) {
      waiting.push(join(directory, 'node_modules'));
      const read = names.has(name) ? readPackage(directory) : undefined;
      if (read !== undefined) found.set(read.directory, read);
    }
  }
  return [...found.values()];
}

function packagesIn(folder: string): [name: string, directory: string][] {
  return entries(folder).flatMap((name): [string, string][] => {
    const directory = join(folder, name);
    if (name === '.pnpm') return entries(directory).map((entry) => [entry, join(directory, entry)]);
    if (!name.startsWith('@')) return name.startsWith('.') ? [] : [[name, directory]];
    return entries(directory).map((scoped) => [`${name}/${scoped}`, join(directory, scoped)]);
  });
}

function readPackage(directory: string): InstalledPackage | undefined {
  const manifest = readManifest(directory);
  const name = textField(manifest, 'name');
  const version = textField(manifest, 'version');
  if (name === undefined || version === undefined) return undefined;
  return { name, version, directory: realPath(directory) ?? directory };
}

/** The package.json of a folder; `undefined` where there is none that can be read. */
export function readManifest(directory: string): unknown {
  const file = join(directory, 'package.json');
  try {
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  } catch {
    return undefined;
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
