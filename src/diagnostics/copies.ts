import { field } from '../util/payload.ts';
import { hasWritable, isCollection, ProcessWide } from '../util/process-wide.ts';
import { notice } from './report.ts';
import { isTested } from './tested-versions.ts';

/** A copy of a package, wherever it was loaded from. */
interface Copy {
  readonly directory: string;
  readonly version: string;
}

interface Copies {
  /** By their directories. */
  readonly openai: Map<string, Copy>;
  readonly ours: Map<string, Copy>;
  /** Files of `openai` that are known: one may come to light in more than one way. */
  readonly files: Set<string>;
  /** A client class was handed over or loaded: there is something to observe. */
  seen: boolean;
}

const copies = new ProcessWide<Copies>({
  name: 'copies',
  shape: 1,
  accepts: (value) => {
    const { openai, ours, files } = value as Partial<Copies>;
    const maps = isCollection(Map, openai) && isCollection(Map, ours);
    return maps && isCollection(Set, files) && hasWritable(value, ['seen']);
  },
  create: () => ({ openai: new Map(), ours: new Map(), files: new Set(), seen: false }),
});

/** A build of `openai` was loaded from a file. Its ES module and its CommonJS build are one copy. */
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
  if (early) notice('openai_loaded_early', version, path);
  noticeVersion(version);
  if (add(openai, { directory: directoryOf(path), version }))
    notice('openai_twice', describe([...openai.values()]));
}

/** A client says its version in the user agent that it sends. */
export function noticeVersionOf(client: object): void {
  const userAgent = field(client, 'getUserAgent');
  const said = typeof userAgent === 'function' ? String(userAgent.call(client)) : '';
  const version = /\/JS (\d+\.\d+\.\d+)/.exec(said)?.[1];
  if (version !== undefined) noticeVersion(version);
}

function noticeVersion(version: string): void {
  if (!isTested(version)) notice('openai_untested', version);
}

/** This package was loaded from a file. */
export function noticeOurselves(file: string, version: string): void {
  const { ours } = copies.value;
  if (add(ours, { directory: directoryOf(pathOf(file)), version }))
    notice('package_twice', describe([...ours.values()]));
}

/**
 * There is a client class, whichever way it came.
 *
 * @param missing methods that those of known versions have
 */
export function noticeClientClass(missing: readonly string[], version: string = ''): void {
  copies.value.seen = true;
  if (missing.length > 0) notice('openai_changed', missing.join(', '), version);
}

export function hasSeenClientClass(): boolean {
  return copies.value.seen;
}

/** As when the process began: for tests. */
export function forgetCopies(): void {
  const all = copies.value;
  all.openai.clear();
  all.ours.clear();
  all.files.clear();
  all.seen = false;
}

/** @returns whether it is not the first */
function add(known: Map<string, Copy>, copy: Copy): boolean {
  if (known.has(copy.directory)) return false;
  known.set(copy.directory, copy);
  return known.size > 1;
}

export function describe(known: readonly Copy[]): string {
  return known.map(({ directory, version }) => `${version} in ${directory}`).join(', ');
}

/** Of a path or a URL; without the module of Node for that, which not every runtime has. */
function pathOf(file: string): string {
  return file.replace(/^file:\/\//, '');
}

function directoryOf(path: string): string {
  return path.replace(/[\\/][^\\/]*$/, '');
}
