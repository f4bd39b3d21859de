import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Bytes of a package.json. Those of real packages are far smaller. */
const MAX_MANIFEST_SIZE = 5_000_000;

/** `undefined` where there is no such file, or a larger one. It may be a link to a device or a pipe, which have no end. */
export function readRegularFile(file: string, maxSize: number): string | undefined {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    const readable = found?.isFile() === true && found.size <= maxSize;
    return readable ? readFileSync(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

export function isRegularFile(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}

/** The package.json of a folder, if there is one that can be read. */
export function readManifest(directory: string): unknown {
  const text = readRegularFile(join(directory, 'package.json'), MAX_MANIFEST_SIZE);
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The package.json that holds for a folder, and the folder it is in. */
export function nearestManifest(directory: string): { folder: string; manifest: unknown } | undefined {
  const manifest = readManifest(directory);
  if (manifest !== undefined) return { folder: directory, manifest };
  const above = dirname(directory);
  return above === directory ? undefined : nearestManifest(above);
}

export function realPathIfAny(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
