import { readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { type OtlpSpans, readOtlpJson } from '../otlp-json.ts';
import { fileProblem, isUtf16, LINE_FEED, readWhole, viewText } from '../trace-file.ts';

const MAX_WATCHED_FILES = 1000;
const WATCH_INTERVAL_MS = 500;
const TRACE_FILE = /\.(?:json|jsonl|ndjson)$/;
/** The maximum size of the kept tail, in bytes. If the file has other bytes there later, it was rewritten. */
const MAX_TAIL_SIZE = 4096;

interface WatchedFile {
  readonly stats: Stats;
  /** The number of bytes that need not be read again. */
  readonly read: number;
  /** The last of those bytes. */
  readonly tail: Uint8Array;
}

/**
 * Reads the spans and evaluations of a file or of the files in a folder, and later those that are added.
 *
 * @returns a function that stops watching
 */
export function watchTraces(
  path: string,
  report: (problem: string) => void,
  take: (found: OtlpSpans) => void,
): () => void {
  const files = new Map<string, WatchedFile>();
  const reported = new Set<string>();
  const reading = <Result>(from: string, read: () => Result): Result | undefined => {
    try {
      return read();
    } catch (error) {
      const problem = fileProblem(from, 'read', error);
      if (!reported.has(problem) && reported.size < MAX_WATCHED_FILES) report(problem);
      reported.add(problem);
      return undefined;
    }
  };
  const look = (): void => {
    for (const file of reading(path, () => filesAt(path)) ?? [])
      reading(file, () => readNew(file, files, take));
  };
  look();
  const timer = setInterval(look, WATCH_INTERVAL_MS);
  return () => clearInterval(timer);
}

function filesAt(path: string): string[] {
  const stats = statSync(path);
  if (stats.isFile()) return [path];
  if (!stats.isDirectory()) throw new Error(`${path} cannot be watched: it is neither a file nor a folder.`);
  return readdirSync(path)
    .filter((name) => TRACE_FILE.test(name))
    .slice(0, MAX_WATCHED_FILES)
    .map((name) => join(path, name));
}

function readNew(path: string, files: Map<string, WatchedFile>, take: (found: OtlpSpans) => void): void {
  const stats = statSync(path);
  // Opening a pipe would block until something writes to it.
  if (!stats.isFile()) return;
  const known = files.get(path);
  const isSame = known?.stats.ino === stats.ino;
  if (isSame && known.stats.size === stats.size && known.stats.mtimeMs === stats.mtimeMs) return;
  let { read, tail } = isSame && known.stats.size < stats.size ? known : { read: 0, tail: new Uint8Array() };
  // Recorded before reading, so that a file that cannot be read is not tried again until it changes.
  files.set(path, { stats, read, tail });
  let bytes = readWhole(path, read - tail.length);
  if (Buffer.compare(bytes.subarray(0, tail.length), tail) === 0) {
    bytes = bytes.subarray(tail.length);
  } else {
    read = 0;
    bytes = readWhole(path, 0);
  }
  const found = readOtlpJson(viewText(bytes));
  // The last line may be incomplete, so the next read starts there. It starts at the beginning if no span was
  // found (a document can have several lines), and for UTF-16, which only a file's first bytes show.
  const isReadAgain = found.spans.length === 0 || isUtf16(bytes);
  const end = isReadAgain ? 0 : bytes.lastIndexOf(LINE_FEED) + 1;
  if (end > 0) {
    // Copied, because a view of part of the bytes would keep all of them in memory.
    tail = Buffer.from(bytes.subarray(Math.max(0, end - MAX_TAIL_SIZE), end));
    files.set(path, { stats, read: read + end, tail });
  }
  // A line may be read twice. Its spans then replace themselves.
  if (found.spans.length > 0) take(found);
}
