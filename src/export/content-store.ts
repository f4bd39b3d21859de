import type { Completion, CompletionHook } from '../config/completion-types.ts';
import {
  ATTR_GEN_AI_INPUT_MESSAGES_REF,
  ATTR_GEN_AI_OUTPUT_MESSAGES_REF,
  ATTR_GEN_AI_SYSTEM_INSTRUCTIONS_REF,
  ATTR_GEN_AI_TOOL_DEFINITIONS_REF,
} from '../semconv/attributes.ts';
import { guardAsync } from '../util/guard.ts';
import { BoundedMap } from '../util/lru-map.ts';
import { stringField } from '../util/payload.ts';
import { sha256 } from '../util/sha256.ts';
import { TaskQueue } from '../util/task-queue.ts';
import { type ContentStub, jsonLength, stubOf } from './content-size.ts';

interface Limits {
  /** What stands before a name in a reference, such as `s3://bucket/prefix/`. Default: nothing. */
  readonly baseUrl?: string;
  /** Most objects that wait to be written; what comes on top is not stored. Default 100. */
  readonly maxQueueLength?: number;
  /** Most characters of one object; of a larger one a stub is stored, which tells its size. Default 4,194,304. */
  readonly maxLength?: number;
}

/** Where content goes: into a folder, or to a function of the program's. */
export type ContentStoreOptions = Limits &
  (
    | {
        /** Made where it is not there, for its owner alone. */
        readonly folder: string;
        readonly write?: never;
      }
    | {
        /**
         * Gets each object once, by its name. A promise that it returns is waited for by `flush`, and by a flush
         * of the tracer provider. What it throws, or rejects with, is logged once; the object counts as dropped.
         */
        readonly write: (name: string, json: string) => unknown;
        readonly folder?: never;
      }
  );

type Stored = 'systemInstructions' | 'inputMessages' | 'outputMessages' | 'toolDefinitions';

/** How the name of what is stored begins, and the attribute that refers to it. */
interface StoredKind {
  readonly name: string;
  readonly attribute: string;
  /** What takes the place of values that are too large, in the same shape as they. */
  readonly instead: (stub: ContentStub, values: readonly unknown[]) => readonly unknown[];
}

const STORED: { readonly [Name in Stored]: StoredKind } = {
  systemInstructions: {
    name: 'system_instructions',
    attribute: ATTR_GEN_AI_SYSTEM_INSTRUCTIONS_REF,
    instead: (stub) => [stub],
  },
  inputMessages: {
    name: 'input_messages',
    attribute: ATTR_GEN_AI_INPUT_MESSAGES_REF,
    instead: (stub, values) => [{ role: wordOf(values, 'role') ?? 'user', parts: [stub] }],
  },
  outputMessages: {
    name: 'output_messages',
    attribute: ATTR_GEN_AI_OUTPUT_MESSAGES_REF,
    instead: (stub, values) => [
      {
        role: wordOf(values, 'role') ?? 'assistant',
        parts: [stub],
        finish_reason: wordOf(values, 'finish_reason') ?? 'unknown',
      },
    ],
  },
  toolDefinitions: {
    name: 'tool_definitions',
    attribute: ATTR_GEN_AI_TOOL_DEFINITIONS_REF,
    instead: (stub) => [stub],
  },
};

/** What the last of some messages says in a word. */
function wordOf(messages: readonly unknown[], name: string): string | undefined {
  const word = stringField(messages.at(-1), name);
  return word !== undefined && /^[\w.-]{1,24}$/.test(word) ? word : undefined;
}

const MAX_KNOWN_FILES = 1_000;
const MAX_CONCURRENT_WRITES = 8;

/**
 * Stores content apart from the telemetry, which then only refers to it, whatever `captureMessageContent` says:
 *
 * ```ts
 * const store = new ContentStore({ folder: '/var/lib/content' });
 * new OpenAIInstrumentation({ completionHook: store.hook });
 * ```
 *
 * Each of a completion's instructions, messages and tool definitions is a JSON file in the shapes of the GenAI
 * conventions. Its name ends in the SHA-256 of what it says, so that the same content is stored once and no name
 * can lead out of the folder. Writing happens in the background, from a queue that is bounded.
 */
export class ContentStore {
  readonly #write: (name: string, json: string) => unknown;
  readonly #baseUrl: string;
  readonly #maxLength: number;
  /** Names that were stored lately, or are about to be. */
  readonly #known = new BoundedMap<string, true>(MAX_KNOWN_FILES);
  readonly #queue: TaskQueue;
  #dropped = 0;

  constructor(options: ContentStoreOptions) {
    const { folder, write, baseUrl = '', maxQueueLength = 100, maxLength = 4_194_304 } = options;
    this.#write = write ?? ((name, json) => writeFileIn(folder, name, json));
    this.#baseUrl = baseUrl;
    this.#queue = new TaskQueue({
      maxConcurrent: MAX_CONCURRENT_WRITES,
      maxPending: MAX_CONCURRENT_WRITES + maxQueueLength,
    });
    this.#maxLength = maxLength;
  }

  /** For the option `completionHook`, or to be called by a hook that masks content first. */
  readonly hook: CompletionHook = (completion) => {
    const writes = (Object.keys(STORED) as Stored[]).flatMap((field) => this.#store(completion, field) ?? []);
    return writes.length === 0 ? undefined : Promise.all(writes);
  };

  /** Objects that were not stored: the queue was full, they were too large and only have a stub, or writing failed. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Waits until all that was queued is written. */
  flush(): Promise<void> {
    return this.#queue.settled();
  }

  /** @returns when it is written, where it is not known to be */
  #store(completion: Completion, field: Stored): Promise<void> | undefined {
    const values = completion[field];
    if (values.length === 0) return undefined;
    const whole = this.#stringify(values);
    if (whole === undefined) this.#drop();
    const json = whole ?? JSON.stringify(STORED[field].instead(stubOf(values, this.#maxLength), values));
    const name = `${STORED[field].name}-${sha256(new TextEncoder().encode(json))}.json`;
    const known = this.#known.get(name) === true;
    if (!known && this.#queue.full) return whole === undefined ? undefined : this.#drop();
    completion.attributes[STORED[field].attribute] = this.#baseUrl + name;
    if (known) return undefined;
    this.#known.set(name, true);
    const counted = whole === undefined;
    return this.#queue.add(() => guardAsync('storing content', () => this.#attempt(name, json, counted)));
  }

  /** Nothing where it is too large, which is known before it is copied: this runs within the program's call. */
  #stringify(values: readonly unknown[]): string | undefined {
    if (jsonLength(values, this.#maxLength) > this.#maxLength) return undefined;
    const json = JSON.stringify(values);
    return json.length > this.#maxLength ? undefined : json;
  }

  #drop(): undefined {
    this.#dropped++;
    return undefined;
  }

  /** @param counted whether what it stands for counts as dropped already */
  async #attempt(name: string, json: string, counted: boolean): Promise<void> {
    try {
      await this.#write(name, json);
    } catch (error) {
      // The same content may come again, and then be stored.
      this.#known.delete(name);
      if (!counted) this.#drop();
      throw error;
    }
  }
}

/** Never leaves half a file under the name: it is written under another one first. */
async function writeFileIn(folder: string, name: string, json: string): Promise<void> {
  const { lstat, mkdir, rename, writeFile } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const { randomUUID } = await import('node:crypto');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, name);
  // A link of that name is replaced: what it leads to may be anywhere.
  const written = await lstat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (written) return;
  const unfinished = `${path}.${randomUUID()}`;
  await writeFile(unfinished, json, { mode: 0o600, flag: 'wx' });
  await rename(unfinished, path);
}
