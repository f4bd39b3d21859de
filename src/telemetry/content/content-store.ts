import { ownFields } from 'openai-traces-viewer/shared/own-fields.ts';
import type { BlobPart, Completion, CompletionHook } from '../../config/completion-types.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { BoundedMap } from '../../util/bounded-map.ts';
import { guard, guardAsync } from '../../util/guard.ts';
import { field, MAX_PART_DEPTH } from '../../util/payload.ts';
import { platform } from '../../util/platform.ts';
import { sha256 } from '../../util/sha256.ts';
import { TaskQueue } from '../../util/task-queue.ts';
import { contentLimits, limitedJson, writeMessages, writeParts, writeValues } from './content-writer.ts';
import { base64Size, isBlob, withInlineMedia } from './media.ts';

/** Limits of {@link ContentStore}, and the prefix of its references. */
export interface ContentStoreLimits {
  /** Whether images, audio and files in messages are left out. Default: `false`. */
  readonly dropMedia?: boolean | undefined;
  /** The prefix of names in references, such as `s3://bucket/prefix/`. Default: empty. */
  readonly baseUrl?: string | undefined;
  /** The maximum number of objects waiting to be written. Further ones are dropped. Default 100. */
  readonly maxQueueLength?: number | undefined;
  /**
   * The maximum length of one object, in UTF-16 units of JSON. Content beyond the limit is left out and
   * marked, as on spans. Default 4,194,304.
   */
  readonly maxLength?: number | undefined;
}

/** Options of {@link ContentStore}: `folder` or `put`, and limits. */
export type ContentStoreOptions = ContentStoreLimits &
  (
    | {
        /** The folder for the files. It is created if it is missing. Folder and files are accessible to their owner only. */
        readonly folder: string;
        readonly put?: undefined;
      }
    | {
        /**
         * Receives each object with its name and MIME type, and again after an hour if it is still in use. `flush`
         * and a flush of the tracer provider await a returned promise. If it throws or rejects, the object counts
         * as dropped, and the first error is logged.
         */
        readonly put: (key: string, bytes: Uint8Array, contentType: string) => unknown;
        readonly folder?: undefined;
      }
  );

/** What is stored, and the attribute that refers to it. File names begin like the attribute's name. */
const STORED = [
  { field: 'systemInstructions', attribute: ATTR.GEN_AI_SYSTEM_INSTRUCTIONS_REF },
  { field: 'inputMessages', attribute: ATTR.GEN_AI_INPUT_MESSAGES_REF },
  { field: 'outputMessages', attribute: ATTR.GEN_AI_OUTPUT_MESSAGES_REF },
  { field: 'toolDefinitions', attribute: ATTR.GEN_AI_TOOL_DEFINITIONS_REF },
] as const;

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
 * Media in messages become objects of their own. Messages refer to them in parts of type `uri`, on spans and events,
 * too.
 */
export class ContentStore {
  readonly #options: ContentStoreOptions;
  readonly #put: (key: string, bytes: Uint8Array, contentType: string) => unknown;
  /** The latest file names, and when each was queued, in monotonic milliseconds. */
  readonly #known = new BoundedMap<string, number>(MAX_KNOWN_FILES);
  readonly #queue: TaskQueue;
  #dropped = 0;

  constructor(options: ContentStoreOptions) {
    this.#options = ownFields(options);
    const { folder, put, maxQueueLength } = this.#options;
    this.#put = put ?? ((key, bytes) => writeFileIn(folder, key, bytes));
    this.#queue = new TaskQueue({
      maxConcurrent: MAX_CONCURRENT_WRITES,
      maxPending: MAX_CONCURRENT_WRITES + (maxQueueLength ?? 100),
    });
  }

  /** The value for the option `completionHook`. Your own hook may also call it, after it has masked content. */
  readonly hook: CompletionHook = (completion) => {
    const writes: Promise<void>[] = [];
    for (const kind of STORED) this.#store(completion, kind, writes);
    return writes.length === 0 ? undefined : Promise.all(writes);
  };

  /** The number of objects not stored: full queue, failed write, or too large or malformed content. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Resolves once everything queued is written. Never rejects. */
  flush(): Promise<void> {
    return this.#queue.settled();
  }

  /** @param writes receives a promise for each object that is to be written */
  #store(completion: Completion, kind: (typeof STORED)[number], writes: Promise<void>[]): void {
    const { baseUrl = '', maxLength = 4_194_304 } = this.#options;
    const { field: name, attribute } = kind;
    // The program's own hook may have removed it.
    if ((completion[name] ?? undefined) === undefined) return;
    Object.assign(completion, {
      [name]: mapBlobs(completion[name], (part) => this.#storeMedia(part, writes)),
    });
    if (completion[name].length === 0) return;
    const limits = contentLimits({
      maxContentLength: maxLength,
      maxSpanContentLength: maxLength,
      media: 'inline',
      hideContent: 'none',
    });
    const values: readonly unknown[] = completion[name];
    const write =
      name === 'toolDefinitions' ? writeValues : name === 'systemInstructions' ? writeParts : writeMessages;
    const written = guard(
      'storing content',
      () =>
        limitedJson(values, maxLength, { maxText: maxLength }, MAX_PART_DEPTH) ??
        write(values, maxLength, limits),
    );
    const json = written && withInlineMedia(limits.media, written);
    if (json === undefined) {
      this.#dropped++;
      return;
    }
    const [, prefix = ''] = /^gen_ai\.(.+)_ref$/.exec(attribute) ?? [];
    const bytes = new TextEncoder().encode(json);
    const key = `${prefix.replace('.', '_')}-${sha256(bytes)}.json`;
    if (this.#enqueue(key, bytes, 'application/json', writes))
      completion.attributes[attribute] = baseUrl + key;
  }

  /** Stores media. @returns a reference to them, or the part without bytes if they are not stored */
  #storeMedia(part: BlobPart, writes: Promise<void>[]): object {
    const { content, modality, mime_type: mimeType = '' } = part;
    const { dropMedia = false, baseUrl = '' } = this.#options;
    if (content === '') return part;
    if (dropMedia) return withoutBytes(part);
    // Some runtimes have no `Buffer`.
    if (content.length > MAX_STORED_MEDIA_LENGTH || typeof Buffer === 'undefined') {
      this.#dropped++;
      return withoutBytes(part);
    }
    const bytes = Buffer.from(content, 'base64');
    const type = storedType(mimeType);
    const key = `${modality.replace(/\W/g, '_')}-${sha256(bytes)}.${extensionOf(type)}`;
    if (!this.#enqueue(key, bytes, type, writes)) return withoutBytes(part);
    const named = part.mime_type === undefined ? {} : { mime_type: part.mime_type };
    return { type: 'uri', modality, ...named, uri: baseUrl + key };
  }

  /** Queues an object, unless that was done in the last hour. @returns `false` if the queue is full */
  #enqueue(key: string, bytes: Uint8Array, type: string, writes: Promise<void>[]): boolean {
    const time = platform.performance.now();
    if (time - (this.#known.get(key) ?? Number.NEGATIVE_INFINITY) < REWRITE_INTERVAL_MS) return true;
    if (this.#queue.full) {
      this.#dropped++;
      return false;
    }
    this.#known.set(key, time);
    const write = async (): Promise<void> => {
      try {
        await this.#put(key, bytes, type);
      } catch (error) {
        // The next write of the same content may succeed.
        this.#known.delete(key);
        this.#dropped++;
        throw error;
      }
    };
    writes.push(this.#queue.add(() => guardAsync('storing content', write)));
    return true;
  }
}

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

/** The MIME type for stored media. Their sender must not choose a type that browsers run, such as HTML. */
function storedType(type: string): string {
  return (
    /^(?:(?:image(?!\/svg)|audio|video)\/[\w.+-]{1,64}|application\/pdf)$/i.exec(type)?.[0] ??
    'application/octet-stream'
  );
}

function extensionOf(type: string): string {
  return /^(?!.*\/octet)\w+\/(?:x-)?([a-z\d]{1,8})\b/i.exec(type)?.[1]?.toLowerCase() ?? 'bin';
}

/** Writes a temporary file and renames it, so that the file is never incomplete. Does nothing if it exists. */
async function writeFileIn(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const { lstat, rename, rm, writeFile } = await import('node:fs/promises');
  const { dirname, join } = await import('node:path');
  const { randomUUID } = await import('node:crypto');
  const path = join(folder, name);
  await createFolder(dirname(path));
  // A symbolic link of that name is replaced, not followed: its target may be anywhere.
  const found = await lstat(path).catch(() => undefined);
  if (found?.isFile()) return;
  const unfinished = `${path}.${randomUUID()}`;
  try {
    await writeFile(unfinished, bytes, { mode: 0o600, flag: 'wx' });
    await rename(unfinished, path);
  } catch (error) {
    // Otherwise each attempt on a full disk would leave an incomplete file behind.
    await rm(unfinished, { force: true });
    throw error;
  }
}

/**
 * Creates a folder and all missing folders above it. Node's option `recursive` would never end where folders
 * cannot be created, as in /proc.
 */
async function createFolder(folder: string): Promise<void> {
  const { mkdir, stat } = await import('node:fs/promises');
  const { dirname } = await import('node:path');
  const exists = (): Promise<boolean> => stat(folder).then(Boolean, () => false);
  if (dirname(folder) === folder || (await exists())) return;
  await createFolder(dirname(folder));
  await mkdir(folder, { mode: 0o700 }).catch(async (error: unknown) => {
    // Another writer may have created the folder in the meantime.
    if (!(await exists())) throw error;
  });
}
