import { lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.ts';

/** Links the installed packages into another checkout. Those that belong to the project itself are that checkout's own. */
export function linkInstalled(checkout: string): void {
  const packages = join(checkout, 'node_modules');
  mkdirSync(packages, { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (name === '.bin' || !name.startsWith('.')) symlinkSync(targetOf(name), join(packages, name));
}

/** npm links a package of the workspace by a relative path, which leads to that of the checkout that has the link. */
function targetOf(name: string): string {
  const path = join(ROOT, 'node_modules', name);
  return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : path;
}
