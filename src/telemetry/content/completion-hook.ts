import type { Attributes, SpanContext } from '@opentelemetry/api';
import { guard, guardAsync } from '../../util/guard.ts';
import { field } from '../../util/payload.ts';
import { settledWithin } from '../../util/wait.ts';
import { type Message, type MessagePart, type ToolDefinition, UnreadMessage } from './messages.ts';

/**
 * What was said in one operation, as a completion hook gets it: a chat completion, a response, a run, a step of
 * a run, a tool call, a search, a function that the program has traced; of any other that failed, the text of its
 * error. All of it is the hook's own copy, in the shapes of the GenAI conventions and without limits; media are
 * base64. Only of a streamed answer or run no more than 16 MiB of text and 8 MiB of media are kept: what is cut has an
 * `original_length` or ends in `…`. A hook masks by setting a field to something else.
 */
export interface Completion {
  /** What else is known of the operation, by attribute: `gen_ai.operation.name`, models, ids, usage. */
  readonly operation: Readonly<Attributes>;
  /** Of the operation's span, which may not be sampled. */
  readonly spanContext: SpanContext;
  systemInstructions: readonly MessagePart[];
  inputMessages: readonly Message[];
  outputMessages: readonly Message[];
  toolDefinitions: readonly ToolDefinition[];
  /** Of a tool call: what the tool was given and what it gave, `undefined` where there is none. */
  toolArguments: unknown;
  toolResult: unknown;
  /** Of a function that the program has traced: its arguments, and what it returned or yielded. */
  functionArguments: unknown;
  functionResult: unknown;
  /** Of a search: what it found. */
  documents: readonly unknown[];
  /** Parameters in the caller's own words, by attribute: stop sequences, the query of a search, variables of a prompt. */
  parameters: Attributes;
  /** The text of the error that the operation ended with, which may quote what was sent. */
  errorMessage: string | undefined;
  /**
   * Empty; what a hook puts here is recorded on the span and the event without further consent, such as the
   * address under which it stored the content.
   */
  readonly attributes: Attributes;
}

/**
 * Called once for each operation, when it has ended. It delays nothing beyond the time it takes itself: a promise
 * that it returns is not waited for by the call, so what is changed after an `await` comes too late. Flushing or
 * shutting down the tracer provider waits for it, a few seconds at most. Of an operation whose hook throws no
 * content is recorded.
 */
export type CompletionHook = (completion: Completion) => unknown;

/** The content of one operation, as far as it has any. */
export type Content = Partial<
  Pick<
    Completion,
    | 'systemInstructions'
    | 'inputMessages'
    | 'outputMessages'
    | 'toolDefinitions'
    | 'toolArguments'
    | 'toolResult'
    | 'functionArguments'
    | 'functionResult'
    | 'documents'
    | 'parameters'
  >
>;

const MOST_PENDING = 1_000;
/** Milliseconds that a flush waits for hooks. */
const PATIENCE = 5_000;

/** What completion hooks are still doing. */
export class PendingHooks {
  /** Of whom they are, who is not to be collected before they are done. */
  readonly owner: object;
  readonly #pending = new Set<Promise<void>>();

  constructor(owner: object) {
    this.owner = owner;
  }

  /** @param returned by a hook */
  add(returned: unknown): void {
    if (typeof field(returned, 'then') !== 'function') return;
    const promise = guardAsync('the completionHook', async () => void (await returned));
    if (this.#pending.size >= MOST_PENDING) return;
    this.#pending.add(promise);
    void promise.then(() => this.#pending.delete(promise));
  }

  async settled(): Promise<void> {
    if (this.#pending.size > 0) await settledWithin(PATIENCE, this.#pending);
  }
}

const MAX_DEPTH = 16;
/** Values of one message, definition, document or tool call; what is beyond is left out. */
const MAX_VALUES = 100_000;

/** A copy that a hook may change, though the payload is the program's own. */
export function copyContent(content: Content): Content {
  let left = MAX_VALUES;
  const copy = (given: unknown, depth: number): unknown => {
    const value = given instanceof UnreadMessage ? guard('reading a message', () => given.toJSON()) : given;
    if (typeof value !== 'object' || value === null) return typeof value === 'function' ? undefined : value;
    if (depth === 0 || left <= 0) return undefined;
    if (Array.isArray(value) && depth === MAX_DEPTH - 1)
      return value.map((item) => copyWhole(item, depth - 1));
    if (Array.isArray(value)) {
      left -= value.length;
      return value.slice(0, MAX_VALUES).map((item) => copy(item, depth - 1));
    }
    const copied: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      if (left-- <= 0) break;
      // Not assigned: a key such as `__proto__` would be something else.
      Object.defineProperty(copied, key, {
        value: copy(field(value, key), depth - 1),
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
    return copied;
  };
  /** However many there are: a hook can do nothing with half a message. */
  const copyWhole = (item: unknown, depth: number): unknown => {
    left = MAX_VALUES;
    return copy(item, depth);
  };
  return copy(content, MAX_DEPTH) as Content;
}
