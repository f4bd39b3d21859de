import { field } from '../util/payload.ts';
import { ProcessWide } from '../util/process-state.ts';
import type { ProcessFindingCode } from './findings.ts';
import { notice } from './report.ts';
import { isTested } from './tested-versions.ts';

/** The versions of the copies, by directory. */
type Copies = Map<string, string>;

interface LoadedCopies {
  readonly openai: Copies;
  readonly ours: Copies;
  /** Whether any client class was found: loaded, or passed to `instrumentOpenAI`. */
  seen: boolean;
}

const copies = new ProcessWide<LoadedCopies>('copies', () => ({
  openai: new Map(),
  ours: new Map(),
  seen: false,
}));

/** The ES module and the CommonJS build of one copy count as one. */
export function noticeOpenAI(file: string, version: string, isEarly: boolean): void {
  const { openai } = copies.value;
  const path = pathOf(file);
  const directory = directoryOf(path);
  // Several files of one copy define its client, so report the copy only once.
  if (isEarly && !openai.has(directory)) notice('openai_loaded_early', version, path);
  noticeVersion(version);
  add(openai, directory, version, 'openai_twice');
}

/** Reads the version of `openai` from the user agent of a client. */
export function noticeVersionOf(client: object): void {
  const userAgent = field(client, 'getUserAgent');
  const said = typeof userAgent === 'function' ? String(userAgent.call(client)) : '';
  const version = /\/JS (\d+\.\d+\.\d+)/.exec(said)?.[1];
  if (version !== undefined) noticeVersion(version);
}

function noticeVersion(version: string): void {
  if (!isTested(version)) notice('openai_untested', version);
}

export function noticeOurselves(file: string, version: string): void {
  add(copies.value.ours, directoryOf(pathOf(file)), version, 'package_twice');
}

export function noticeClientClass(missing: readonly string[], version: string = ''): void {
  copies.value.seen = true;
  if (missing.length > 0) notice('openai_changed', missing.join(', '), version);
}

export function hasSeenClientClass(): boolean {
  return copies.value.seen;
}

function add(known: Copies, directory: string, version: string, code: ProcessFindingCode): void {
  if (known.has(directory)) return;
  known.set(directory, version);
  const list = [...known].map(([each, itsVersion]) => `${itsVersion} in ${each}`);
  if (list.length > 1) notice(code, list.join(', '));
}

/** Converts a file URL to a path, and leaves a path unchanged. Some runtimes have no `node:url`. */
function pathOf(file: string): string {
  return file.replace(/^file:\/\//, '');
}

function directoryOf(path: string): string {
  return path.replace(/[\\/][^\\/]*$/, '');
}
