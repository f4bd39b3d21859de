import { readToolOutputCallId } from '../../operations/response/items.ts';
import { fingerprintOf } from '../../operations/tool-calls.ts';
import { asArray, field, stringField } from '../../util/payload.ts';
import { charactersOf } from '../store.ts';

const MAX_KEPT_LENGTH = 16_384;

/**
 * The newest user message of a request, and the newest message that the program added after it, such as a
 * tool result. A tool result alone may be the same for every user. Returns `undefined` without a user
 * message, or if the messages are long or empty: they stay in memory until the answer has ended.
 *
 * @param end the index at which the model answers. Only the items before it are searched
 */
export function lastMessages(input: unknown, end?: number): unknown {
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : asArray(input);
  let last: unknown;
  for (let index = (end ?? items.length) - 1; index >= 0; index--) {
    const item = items[index];
    const role = field(item, 'role') ?? undefined;
    if (role === 'user') {
      // Most requests end with the user message. They need no array.
      if (last === undefined) return saidLength(item) > MAX_KEPT_LENGTH ? undefined : item;
      return saidLength(item) + saidLength(last) > MAX_KEPT_LENGTH ? undefined : [item, last];
    }
    if (last !== undefined) continue;
    if (role === undefined ? readToolOutputCallId(item) !== undefined : role !== 'assistant') last = item;
  }
  return undefined;
}

export function once<Value>(read: () => Value): () => Value {
  let known: { readonly value: Value } | undefined;
  return () => {
    known ??= { value: read() };
    return known.value;
  };
}

export function fingerprintOfMessages(messages: unknown): string | undefined {
  if (messages === undefined) return undefined;
  const items: readonly unknown[] = Array.isArray(messages) ? messages : [messages];
  const said = items.map((item) => [stringField(item, 'role'), saidIn(item)]);
  return fingerprintOf('', said);
}

function saidLength(item: unknown): number {
  const said = saidIn(item) ?? undefined;
  return said === undefined ? Number.POSITIVE_INFINITY : charactersOf(said);
}

function saidIn(item: unknown): unknown {
  return field(item, 'content') ?? field(item, 'output');
}
