import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** In bytes. Files of settings, such as package.json, are far smaller. */
const MAX_SIZE = 5_000_000;

function ifPossible<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** `undefined` if the file is missing, too large, or a device or pipe, which may never end. */
export function readRegularFile(file: string, maxSize: number = MAX_SIZE): string | undefined {
  return ifPossible(() => {
    const found = statSync(file);
    return found.isFile() && found.size <= maxSize ? readFileSync(file, 'utf8') : undefined;
  });
}

export function isRegularFile(file: string): boolean {
  return ifPossible(() => statSync(file).isFile()) === true;
}

export function realPathIfAny(path: string): string | undefined {
  return ifPossible(() => realpathSync(path));
}

/** `undefined` if there is no package.json or it cannot be read. */
export function readManifest(folder: string): unknown {
  return ifPossible(() => JSON.parse(readRegularFile(join(folder, 'package.json')) ?? ''));
}

export function findUpwards<Result>(
  folder: string,
  find: (folder: string) => Result | undefined,
): Result | undefined {
  const above = dirname(folder);
  return find(folder) ?? (above === folder ? undefined : findUpwards(above, find));
}
