import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** Writes a page for its owner alone, as it holds what the spans hold; a browser never finds half of it. */
export function writePage(path: string, text: string): void {
  const folder = path.replace(/[^/\\]*$/, '');
  if (folder !== '') mkdirSync(folder, { recursive: true });
  const unfinished = `${path}.${Math.random().toString(36).slice(2)}`;
  try {
    writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx' });
    renameSync(unfinished, path);
  } finally {
    // Where it could not be renamed, it would be left behind with what the spans hold.
    rmSync(unfinished, { force: true });
  }
}
