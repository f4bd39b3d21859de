import { lstatSync } from 'node:fs';
import { writePrivately } from '../page-file.ts';
import { fileProblem, readWhole, viewText } from '../trace-file.ts';
import { newToken } from './receiver.ts';

const KEPT_TOKEN = /^[0-9a-f]{32}\n?$/;
const MAX_TOKEN_FILE_SIZE = 33;
/** The permissions of a file that other users than its owner have. */
const OF_OTHERS = 0o077;

/**
 * The token that grants access to kept traces, from the file beside them. With the same token after a restart, open pages
 * and links still work. Creates the file if it is missing.
 *
 * @param keep the path of the kept traces
 * @param isRenewed whether a new token replaces the one in the file
 * @throws if other users could know the token, or the file contains something else
 */
export function keptToken(keep: string, isRenewed: boolean): string {
  const path = `${keep}.token`;
  const known = isRenewed ? undefined : readToken(path);
  if (known !== undefined) return known;
  const token = newToken();
  try {
    writePrivately(path, `${token}\n`);
  } catch (error) {
    throw new Error(fileProblem(path, 'written', error));
  }
  return token;
}

function readToken(path: string): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (!found.isFile() || found.size > MAX_TOKEN_FILE_SIZE) throw new Error(`${path} is not a token file.`);
  // Windows reports no permissions, and has no user ids.
  const isShared = process.platform !== 'win32' && (found.mode & OF_OTHERS) !== 0;
  if (isShared || (process.getuid !== undefined && found.uid !== process.getuid()))
    throw new Error(`Other users can read or change ${path}. Replace its token with --new-token.`);
  const text = viewText(readWhole(path));
  if (!KEPT_TOKEN.test(text)) throw new Error(`${path} is not a token file.`);
  return text.trim();
}
