import { randomUUID } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a page. The page and the folders it creates are accessible to their owner only, because the page contains
 * everything the spans contain. The file is replaced atomically. A symbolic link at the path is replaced, not followed.
 *
 * @throws if something else is there, such as a device
 */
export function writePage(path: string, text: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  // A program of root would replace devices such as /dev/null.
  if (found !== undefined && (!found.isFile() || isLinkToOpenFile(path))) throw new NotAFileError(path);
  makeFolder(dirname(path));
  const unfinished = `${path}.${randomUUID()}`;
  try {
    writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx' });
    renameSync(unfinished, path);
  } finally {
    // If renaming failed, the content of the spans would be left behind.
    rmSync(unfinished, { force: true });
  }
}

/** Where /dev/stdout and its like lead on Linux and macOS. */
const OPEN_FILE = /^(?:\/proc\/|(?:\/dev\/)?fd\/\d)/;

/** Whether it is a link to an open file. */
function isLinkToOpenFile(path: string): boolean {
  return lstatSync(path).isSymbolicLink() && OPEN_FILE.test(readlinkSync(path));
}

/** Creates a folder and those above it. Where no folder can be, as in /proc, Node's `recursive` never returns. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const above = dirname(folder);
  if (above !== folder) makeFolder(above);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(folder)) throw error;
  }
}

class NotAFileError extends Error {
  readonly code = 'not a file';

  constructor(path: string) {
    super(`${path} is not a file.`);
  }
}
