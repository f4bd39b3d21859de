import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

/**
 * Writes a page. The page and the folders it creates are accessible to their owner only, because the page contains
 * everything the spans contain. The file is replaced atomically. A symbolic link at the path is replaced, not followed.
 *
 * @throws if something else is there, such as a device
 */
export function writePage(path: string, text: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  // A program of root would replace devices such as /dev/null. Folders are never replaced.
  if (found !== undefined && !found.isFile() && !found.isDirectory()) throw new NotAFileError(path);
  const folder = path.replace(/[^/\\]*$/, '');
  if (folder !== '') mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${randomUUID()}`;
  try {
    writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx' });
    renameSync(unfinished, path);
  } finally {
    // If renaming failed, the content of the spans would be left behind.
    rmSync(unfinished, { force: true });
  }
}

class NotAFileError extends Error {
  readonly code = 'not a file';

  constructor(path: string) {
    super(`${path} is not a file.`);
  }
}
