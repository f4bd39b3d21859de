import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Bytes of a package.json. Those of real packages are far smaller. */
const MAX_MANIFEST_SIZE = 5_000_000;

/** What a function returns; `undefined` if it throws, because a file is missing or cannot be read. */
function ifPossible<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** `undefined` where there is no such file, or a larger one. A link to a device or a pipe has no end. */
export function readRegularFile(file: string, maxSize: number): string | undefined {
  return ifPossible(() => {
    const found = statSync(file);
    return found.isFile() && found.size <= maxSize ? readFileSync(file, 'utf8') : undefined;
  });
}

export function isRegularFile(file: string): boolean {
  return ifPossible(() => statSync(file).isFile()) === true;
}

export function entriesIn(folder: string): string[] {
  return ifPossible(() => readdirSync(folder)) ?? [];
}

export function realPathIfAny(path: string): string | undefined {
  return ifPossible(() => realpathSync(path));
}

/** The package.json of a folder, if there is one that can be read. */
export function readManifest(folder: string): unknown {
  return ifPossible(() => JSON.parse(readRegularFile(join(folder, 'package.json'), MAX_MANIFEST_SIZE) ?? ''));
}

/** What a function finds in a folder, or in the nearest one above it. */
export function findUpwards<Result>(
  folder: string,
  find: (folder: string) => Result | undefined,
): Result | undefined {
  const above = dirname(folder);
  return find(folder) ?? (above === folder ? undefined : findUpwards(above, find));
}
