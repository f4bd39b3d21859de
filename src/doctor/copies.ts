import { field } from '../payload.ts';
import { NAME } from '../version.ts';
import { notice } from './notice.ts';
import { isTested } from './tested-versions.ts';

/** A copy of a package, wherever it was loaded from. */
interface Copy {
  readonly directory: string;
  readonly version: string;
}

interface Copies {
  readonly openai: Copy[];
  readonly ours: Copy[];
  /** Files of `openai` that are known: one may come to light in more than one way. */
  readonly files: Set<string>;
  /** A client class was handed over or loaded: there is something to observe. */
  seen: boolean;
}

const COPIES: symbol = Symbol.for(`${NAME}.copies`);

function copies(): Copies {
  const holder = globalThis as Record<symbol, unknown>;
  holder[COPIES] ??= { openai: [], ours: [], files: new Set(), seen: false } satisfies Copies;
  return holder[COPIES] as Copies;
}

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
  const { files, openai } = copies();
  const path = pathOf(file);
  if (files.has(path)) return;
  files.add(path);
  if (early) notice('openai_loaded_early', version, path);
  noticeVersion(version);
  if (add(openai, { directory: directoryOf(path), version })) notice('openai_twice', describe(openai));
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
  const { ours } = copies();
  if (add(ours, { directory: directoryOf(pathOf(file)), version })) notice('package_twice', describe(ours));
}

/**
 * There is a client class, whichever way it came.
 *
 * @param missing methods that those of known versions have
 */
export function noticeClientClass(missing: readonly string[], version: string = ''): void {
  copies().seen = true;
  if (missing.length > 0) notice('openai_changed', missing.join(', '), version);
}

export function hasSeenClientClass(): boolean {
  return copies().seen;
}

/** As when the process began: for tests. */
export function forgetCopies(): void {
  delete (globalThis as Record<symbol, unknown>)[COPIES];
}

/** @returns whether it is not the first */
function add(known: Copy[], copy: Copy): boolean {
  if (known.some(({ directory }) => directory === copy.directory)) return false;
  known.push(copy);
  return known.length > 1;
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
