import type { Completion } from '../../config/completion-types.ts';
import { guard, guardAsync } from '../../util/guard.ts';
import { field } from '../../util/payload.ts';
import { settledWithin } from '../../util/wait.ts';
import { UnreadMessage } from './messages.ts';

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
