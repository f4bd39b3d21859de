import type { BlobPart, Completion, CompletionHook } from '../../config/completion-types.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { BoundedMap } from '../../util/bounded-map.ts';
import { monotonic } from '../../util/clock.ts';
import { guardAsync } from '../../util/guard.ts';
import { field } from '../../util/payload.ts';
import { sha256 } from '../../util/sha256.ts';
import { TaskQueue } from '../../util/task-queue.ts';
import { base64Size, isBlob } from './media.ts';

/** Limits of {@link ContentStore}, and the names in references. */
export interface ContentStoreLimits {
  /** Whether images, audio and files in messages are left out. Default: `false`. */
  readonly dropMedia?: boolean | undefined;
  /** The prefix of names in references, such as `s3://bucket/prefix/`. Default: empty. */
  readonly baseUrl?: string | undefined;
  /** The maximum number of objects waiting to be written. Further ones are dropped. Default 100. */
  readonly maxQueueLength?: number | undefined;
  /** The maximum length of one object, in UTF-16 units of JSON. A stub replaces a longer one. Default 4,194,304. */
  readonly maxLength?: number | undefined;
}

/** Options of {@link ContentStore}: one of `folder`, `put` and `write`, and limits. */
export type ContentStoreOptions = ContentStoreLimits &
  (
    | {
        /** The folder for the files. It is created if it is missing. Folder and files are accessible to their owner only. */
        readonly folder: string;
        readonly put?: undefined;
        readonly write?: undefined;
      }
    | {
        /**
         * Receives each object with its file name and MIME type, as `write` does, and also media: each image, audio or file
         * once, under its hash.
         */
        readonly put: (key: string, bytes: Uint8Array, contentType: string) => unknown;
        readonly folder?: undefined;
        readonly write?: undefined;
      }
    | {
        /**
         * Receives each object with its file name, again after an hour if it is still in use. `flush` and a flush of the
         * tracer provider await the promise it returns. If it throws or rejects, the first error is logged and the object
         * counts as dropped.
         */
        readonly write: (name: string, json: string) => unknown;
        readonly put?: undefined;
        readonly folder?: undefined;
      }
  );

type Write = (name: string, content: Uint8Array | string, contentType: string) => unknown;

/** One kind of stored content. */
interface StoredKind {
  readonly field: 'systemInstructions' | 'inputMessages' | 'outputMessages' | 'toolDefinitions';
  /** The attribute that refers to it. File names begin with its middle, such as `input_messages`. */
  readonly attribute: string;
  /** The message whose only part is the stub, if its values are messages. The stub replaces values that are too large. */
  readonly message?: object;
}

const STORED: readonly StoredKind[] = [
  { field: 'systemInstructions', attribute: ATTR.GEN_AI_SYSTEM_INSTRUCTIONS_REF },
  { field: 'inputMessages', attribute: ATTR.GEN_AI_INPUT_MESSAGES_REF, message: { role: 'user' } },
  {
    field: 'outputMessages',
    attribute: ATTR.GEN_AI_OUTPUT_MESSAGES_REF,
    message: { role: 'assistant', finish_reason: 'unknown' },
  },
  { field: 'toolDefinitions', attribute: ATTR.GEN_AI_TOOL_DEFINITIONS_REF },
];

const MAX_KNOWN_FILES = 1_000;
/** Content that is still in use is written again after this time, because something else may delete old files. */
const REWRITE_INTERVAL_MS = 3_600_000;
const MAX_CONCURRENT_WRITES = 8;
/** Media with more base64 characters are not stored, because hashing them would block the program. */
const MAX_STORED_MEDIA_LENGTH = 33_554_432;

/**
 * Stores content outside the telemetry, which then contains only references to it. Works with any value of
 * `captureMessageContent`:
 *
 * ```ts
 * const store = new ContentStore({ folder: '/var/lib/content' });
 * new OpenAIInstrumentation({ completionHook: store.hook });
 * ```
 *
 * The system instructions, input messages, output messages and tool definitions of a completion become one JSON file
 * each, in the shapes of the GenAI conventions. A file name ends in the SHA-256 of its content, so the same content is
 * stored once. While it is in use, it is stored again every hour, in case the file was deleted. Files are written in
 * the background, from a bounded queue.
 *
 * In a folder or with `put`, media of messages are objects of their own. Messages, those on spans and events included, refer to
 * them in parts of type `uri`.
 */
export class ContentStore {
  readonly #write: Write;
  readonly #storesMedia: boolean;
  readonly #dropsMedia: boolean;
  readonly #baseUrl: string;
  readonly #maxLength: number;
  /** When the latest names were stored or queued, in monotonic milliseconds. */
  readonly #known = new BoundedMap<string, number>(MAX_KNOWN_FILES);
  readonly #queue: TaskQueue;
  #dropped = 0;

  constructor(options: ContentStoreOptions) {
    const { baseUrl = '', maxQueueLength = 100, maxLength = 4_194_304 } = options;
    this.#write = writeOf(options);
    this.#dropsMedia = options.dropMedia === true;
    this.#storesMedia = this.#dropsMedia || options.write === undefined;
    this.#baseUrl = baseUrl;
    this.#queue = new TaskQueue({
      maxConcurrent: MAX_CONCURRENT_WRITES,
      maxPending: MAX_CONCURRENT_WRITES + maxQueueLength,
    });
    this.#maxLength = maxLength;
  }

  /** The value for the option `completionHook`. Your own hook may also call it, after it has masked content. */
  readonly hook: CompletionHook = (completion) => {
    const media = this.#storesMedia ? this.#storeMedia(completion) : [];
    const writes = [...media, ...STORED.flatMap((kind) => this.#store(completion, kind) ?? [])];
    return writes.length === 0 ? undefined : Promise.all(writes);
  };

  /**
   * The number of objects that were not stored: the queue was full, writing failed, a stub was stored instead, or media
   * were too large or malformed.
   */
  get dropped(): number {
    return this.#dropped;
  }

  /** Resolves once everything queued is written. Never rejects. */
  flush(): Promise<void> {
    return this.#queue.settled();
  }

  /** @returns a promise that resolves once the object is written; `undefined` if nothing is to be written */
  #store(completion: Completion, { field: kept, attribute, message }: StoredKind): Promise<void> | undefined {
    const values = completion[kept];
    if (values.length === 0) return undefined;
    // If it is too large, leave out the media and keep the text: that is worth more than a stub for both.
    const whole =
      jsonWithin(this.#maxLength, values) ?? jsonWithin(this.#maxLength, mapBlobs(values, withoutBytes));
    if (whole === undefined) this.#dropped++;
    const stub = { type: 'omitted', name: '…', reason: 'too_large', max_length: this.#maxLength };
    const json = whole ?? JSON.stringify([message === undefined ? stub : { ...message, parts: [stub] }]);
    const [, prefix = ''] = /^gen_ai\.(.+)_ref$/.exec(attribute) ?? [];
    const name = `${prefix.replace('.', '_')}-${sha256(new TextEncoder().encode(json))}.json`;
    const write = this.#queued(name, json, 'application/json');
    if (write === 'full') return undefined;
    completion.attributes[attribute] = this.#baseUrl + name;
    return write;
  }

  /** Stores the media of messages, and replaces each stored part with a reference to its object. */
  #storeMedia(completion: Completion): Promise<void>[] {
    const writes: Promise<void>[] = [];
    const store = (part: BlobPart): object => {
      const { content, modality, mime_type: type = 'application/octet-stream' } = part;
      if (content === '') return part;
      if (this.#dropsMedia) return withoutBytes(part);
      // Some runtimes have no `Buffer`.
      if (content.length > MAX_STORED_MEDIA_LENGTH || typeof Buffer === 'undefined') {
        this.#dropped++;
        return withoutBytes(part);
      }
      const bytes = Buffer.from(content, 'base64');
      const name = `${modality.replace(/\W/g, '_')}-${sha256(bytes)}.${extensionOf(type)}`;
      const write = this.#queued(name, bytes, type);
      if (write === 'full') return withoutBytes(part);
      if (write !== undefined) writes.push(write);
      const named = part.mime_type === undefined ? {} : { mime_type: part.mime_type };
      return { type: 'uri', modality, ...named, uri: this.#baseUrl + name };
    };
    const { systemInstructions, inputMessages, outputMessages } = completion;
    completion.systemInstructions = mapBlobs(systemInstructions, store) as typeof systemInstructions;
    completion.inputMessages = mapBlobs(inputMessages, store) as typeof inputMessages;
    completion.outputMessages = mapBlobs(outputMessages, store) as typeof outputMessages;
    return writes;
  }

  /** @returns a promise that resolves once the object is written; `undefined` if it was written in the last hour */
  #queued(
    name: string,
    content: Uint8Array | string,
    contentType: string,
  ): Promise<void> | 'full' | undefined {
    if (monotonic() - (this.#known.get(name) ?? Number.NEGATIVE_INFINITY) < REWRITE_INTERVAL_MS)
      return undefined;
    if (this.#queue.full) {
      this.#dropped++;
      return 'full';
    }
    this.#known.set(name, monotonic());
    const write = async (): Promise<void> => {
      try {
        await this.#write(name, content, contentType);
      } catch (error) {
        // The next write of the same content may succeed.
        this.#known.delete(name);
        this.#dropped++;
        throw error;
      }
    };
    return this.#queue.add(() => guardAsync('storing content', write));
  }
}

function writeOf(options: ContentStoreOptions): Write {
  if (options.put !== undefined) {
    const { put } = options;
    return (name, content, type) =>
      put(name, typeof content === 'string' ? new TextEncoder().encode(content) : content, type);
  }
  if (options.write !== undefined) {
    const { write } = options;
    return (name, content) => write(name, String(content));
  }
  const { folder } = options;
  return (name, content) => writeFileIn(folder, name, content);
}

/** Replaces each part that contains media by what `map` returns. The values are parts, or messages with parts. */
function mapBlobs(values: readonly unknown[], map: (part: BlobPart) => object): readonly unknown[] {
  return values.map((value) => {
    if (isBlob(value)) return map(value);
    const parts = field(value, 'parts');
    return Array.isArray(parts) ? { ...(value as object), parts: mapBlobs(parts, map) } : value;
  });
}

function withoutBytes(part: BlobPart): object {
  return { ...part, content: '', size: part.size ?? base64Size(part.content) };
}

/** The file extension for a MIME type, such as `png`, `mpeg` or `pdf`; `bin` if the type names none. */
function extensionOf(type: string): string {
  return /^\w+\/(?:x-)?([a-z\d]{1,8})\b/i.exec(type)?.[1]?.toLowerCase() ?? 'bin';
}

/** Writes a temporary file and renames it, so that the file is never incomplete. Does nothing if it exists. */
async function writeFileIn(folder: string, name: string, content: Uint8Array | string): Promise<void> {
  const { lstat, rename, rm, writeFile } = await import('node:fs/promises');
  const { dirname, join } = await import('node:path');
  const { randomUUID } = await import('node:crypto');
  const path = join(folder, name);
  await createFolder(dirname(path));
  // A symbolic link of that name is replaced, not followed: its target may be anywhere.
  const written = await lstat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (written) return;
  const unfinished = `${path}.${randomUUID()}`;
  try {
    await writeFile(unfinished, content, { mode: 0o600, flag: 'wx' });
    await rename(unfinished, path);
  } catch (error) {
    // Otherwise each attempt on a full disk would leave an incomplete file behind.
    await rm(unfinished, { force: true });
    throw error;
  }
}

/**
 * Creates a folder and all missing folders above it. Not with Node's option `recursive`: it never ends where folders
 * cannot be created, as in /proc.
 */
async function createFolder(folder: string): Promise<void> {
  const { mkdir, stat } = await import('node:fs/promises');
  const { dirname } = await import('node:path');
  const exists = (): Promise<boolean> => stat(folder).then(Boolean, () => false);
  const above = dirname(folder);
  if (above === folder || (await exists())) return;
  await createFolder(above);
  await mkdir(folder, { mode: 0o700 }).catch(async (error: unknown) => {
    // Another process may have created it in the meantime.
    if (!(await exists())) throw error;
  });
}

/**
 * Writes a value as JSON, whole or not at all. It stops as soon as the JSON is too long, because this runs inside the
 * program's call.
 *
 * @returns `undefined` for a value that is too large, or cannot be written
 */
export function jsonWithin(limit: number, value: unknown): string | undefined {
  let left = limit;
  // Counts no more than the JSON will have: it contains neither members without a value nor the indices of a list.
  function count(this: unknown, name: string, each: unknown): unknown {
    if (each === undefined || typeof each === 'function' || typeof each === 'symbol') return undefined;
    left -= (Array.isArray(this) ? 0 : name.length) + (typeof each === 'string' ? each.length : 1);
    if (left < 0) throw new RangeError('too long');
    return each;
  }
  try {
    const json = JSON.stringify(value, count);
    return json.length > limit ? undefined : json;
  } catch {
    return undefined;
  }
}
