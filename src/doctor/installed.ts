import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { textField } from '../util/payload.ts';
import { readManifest, realPathIfAny } from './files.ts';

/** A package in a `node_modules` folder. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** Where it really is: links are followed. */
  readonly directory: string;
}

/**
 * The copies of the named packages that are installed in a project, wherever they are nested; also below
 * `node_modules/.pnpm`. What is not there is looked for in the folders above, as resolution does: a workspace
 * has it at its root. What cannot be read is left out.
 */
export function findInstalled(
  project: string,
  names: ReadonlySet<string>,
  above = false,
): InstalledPackage[] {
  const found = new Map<string, InstalledPackage>();
  const visited = new Set<string>();
  const top = join(project, 'node_modules');
  const waiting = [top];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const real = realPathIfAny(folder);
    if (real === undefined || visited.has(real)) continue;
    visited.add(real);
    // The other packages of a workspace are linked there; what they have is theirs.
    if (above && folder !== top && !dirname(real).includes('node_modules')) continue;
    for (const [name, directory] of packagesIn(real)) {
      waiting.push(join(directory, 'node_modules'));
      const read = names.has(name) ? readPackage(directory) : undefined;
      if (read !== undefined) found.set(read.directory, read);
    }
  }
  const packages = [...found.values()];
  const folder = dirname(project);
  if (folder === project) return packages;
  const missing = [...names].filter((name) => packages.every((installed) => installed.name !== name));
  return [...packages, ...findInstalled(folder, new Set(missing), true)];
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
  return { name, version, directory: realPathIfAny(directory) ?? directory };
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
