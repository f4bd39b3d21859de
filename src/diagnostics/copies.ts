import { field } from '../util/payload.ts';
import { ProcessWide } from '../util/process-state.ts';
import { notice } from './report.ts';
import { isTested } from './tested-versions.ts';

/** A loaded copy of a package. */
interface Copy {
  readonly directory: string;
  readonly version: string;
}

interface Copies {
  /** The loaded copies of `openai`, by their directories. */
  readonly openai: Map<string, Copy>;
  readonly ours: Map<string, Copy>;
  /** The files of `openai` that were handled already, because a file may be reported in several ways. */
  readonly files: Set<string>;
  /** Whether a client class was passed in or loaded, so that there is something to observe. */
  seen: boolean;
}

const noCopies = (): Copies => ({ openai: new Map(), ours: new Map(), files: new Set(), seen: false });
const copies = new ProcessWide<Copies>('copies', noCopies);

/** Records that a build of `openai` was loaded. Its ES module and CommonJS builds count as one copy. */
export function noticeOpenAI({
  file,
  version = 'unknown',
  early,
}: {
  readonly file: string;
  readonly version: string | undefined;
  readonly early: boolean;
}): void {
  const { files, openai } = copies.value;
  const path = pathOf(file);
  if (files.has(path)) return;
  files.add(path);
  const directory = directoryOf(path);
  // Several files of one copy define its client, so report the copy only once.
  if (early && !openai.has(directory)) notice('openai_loaded_early', version, path);
  noticeVersion(version);
  if (add(openai, { directory, version })) notice('openai_twice', copyList([...openai.values()]));
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

/** Records that a copy of this package was loaded. */
export function noticeOurselves(file: string, version: string): void {
  const { ours } = copies.value;
  if (add(ours, { directory: directoryOf(pathOf(file)), version }))
    notice('package_twice', copyList([...ours.values()]));
}

/** Records that a client class was found, and which of the methods that we know it lacks. */
export function noticeClientClass(missing: readonly string[], version: string = ''): void {
  copies.value.seen = true;
  if (missing.length > 0) notice('openai_changed', missing.join(', '), version);
}

export function hasSeenClientClass(): boolean {
  return copies.value.seen;
}

/** Resets the state, for tests. */
export function forgetCopies(): void {
  Object.assign(copies.value, noCopies());
}

/** @returns whether this made it more than one copy */
function add(known: Map<string, Copy>, copy: Copy): boolean {
  if (known.has(copy.directory)) return false;
  known.set(copy.directory, copy);
  return known.size > 1;
}

/** The list of copies in the text of a finding. */
export function copyList(known: readonly Copy[]): string {
  return known.map(({ directory, version }) => `${version} in ${directory}`).join(', ');
}

/** Converts a file URL to a path. A path stays as it is. Not by `node:url`, which not every runtime has. */
function pathOf(file: string): string {
  return file.replace(/^file:\/\//, '');
}

function directoryOf(path: string): string {
  return path.replace(/[\\/][^\\/]*$/, '');
}
