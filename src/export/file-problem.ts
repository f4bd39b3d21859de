import { terminalSafe } from '../util/terminal-safe.ts';

/** The codes of system errors, in words for the user who named the file. */
const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOENT: 'no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of its path is not a folder',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
};

/** A sentence about a file that could not be read or written. Errors of our own are sentences already. */
export function fileProblem(path: string, done: 'read' | 'written', error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code !== 'string') return terminalSafe(String(message ?? error));
  const reason = Object.hasOwn(FILE_PROBLEMS, code) ? FILE_PROBLEMS[code] : code;
  return terminalSafe(`${path} cannot be ${done}: ${reason}.`);
}
