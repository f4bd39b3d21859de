import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Writes a page for its owner alone, as it holds what the spans hold; so are the folders that it makes. A browser never
 * finds half of it, and a link at that place is replaced, not followed.
 */
export function writePage(path: string, text: string): void {
  const folder = path.replace(/[^/\\]*$/, '');
  if (folder !== '') mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${randomUUID()}`;
  try {
    writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx' });
    renameSync(unfinished, path);
  } finally {
    // Where it could not be renamed, it would be left behind with what the spans hold.
    rmSync(unfinished, { force: true });
  }
}
