import type { Attributes } from '@opentelemetry/api';
import { recordsContentOnSpans, type Settings } from '../config.ts';
import type { Message, MessagePart } from './messages.ts';

/**
 * The one place that decides whether and how much content is recorded.
 *
 * A span's content is written by one of these: it knows the limits, spends them, and gives JSON that stays
 * valid. What is cut says so: a shortened text carries `original_length`, left-out messages are counted in a
 * part of type `omitted`. Nothing beyond a limit is serialised.
 */
export class ContentRecorder {
  readonly #maxText: number;
  #left: number;

  constructor(settings: Settings) {
    this.#maxText = settings.maxContentLength;
    this.#left = settings.maxSpanContentLength;
  }

  /** A recorder where content is recorded on spans, else `undefined`, so that nothing is even read. */
  static forSpan(settings: Settings): ContentRecorder | undefined {
    return recordsContentOnSpans(settings) ? new ContentRecorder(settings) : undefined;
  }

  /** Adds messages as JSON. The newest are kept where not all fit. */
  addMessages(attributes: Attributes, name: string, messages: readonly Message[]): void {
    if (messages.length === 0) return;
    const kept: string[] = [];
    let index = messages.length - 1;
    for (; index >= 0; index--) {
      const json = this.#spend(this.#message(messages[index] as Message));
      if (json === undefined) break;
      kept.unshift(json);
    }
    if (index >= 0) {
      const role = JSON.stringify(messages[index]?.role ?? 'user');
      const finish = messages[index]?.finish_reason;
      const reason = finish === undefined ? '' : `,"finish_reason":${JSON.stringify(finish)}`;
      kept.unshift(`{"role":${role},"parts":[{"type":"omitted","messages":${index + 1}}]${reason}}`);
    }
    attributes[name] = `[${kept.join(',')}]`;
  }

  /** Adds values of any shape (parts, tool definitions) as a JSON array; the first are kept where not all fit. */
  addList(attributes: Attributes, name: string, values: readonly unknown[]): void {
    const kept: string[] = [];
    for (const value of values) {
      const json = this.#spend(stringify(this.#limited(value, MAX_DEPTH)));
      if (json === undefined) break;
      kept.push(json);
    }
    if (kept.length > 0) attributes[name] = `[${kept.join(',')}]`;
  }

  /** Adds a tool call's arguments or result as JSON: objects as they are, anything else under `value`. */
  addValue(attributes: Attributes, name: string, value: unknown): void {
    if (value === undefined || value === null) return;
    const holder = typeof value === 'object' && !Array.isArray(value) ? value : { value };
    const json = this.#spend(stringify(this.#limited(holder, MAX_DEPTH)));
    if (json !== undefined) attributes[name] = json;
  }

  /** A short text that stands on the span as it is. */
  text(value: string): string {
    const text = cut(value, Math.min(this.#maxText, this.#left));
    this.#left -= text.length;
    return text;
  }

  #message({ role, parts, finish_reason }: Message): string {
    const written = parts.map((part) => this.#part(part)).join(',');
    const reason = finish_reason === undefined ? '' : `,"finish_reason":${JSON.stringify(finish_reason)}`;
    return `{"role":${JSON.stringify(role)},"parts":[${written}]${reason}}`;
  }

  #part(part: MessagePart): string {
    if ('content' in part && part.content.length > this.#maxText) {
      const content = cut(part.content, this.#maxText);
      return stringify({ ...part, content, original_length: part.content.length });
    }
    return stringify(this.#limited(part, MAX_DEPTH));
  }

  /** Takes the JSON's length off what the span may still hold; `undefined` where it does not fit. */
  #spend(json: string): string | undefined {
    if (json.length > this.#left) return undefined;
    this.#left -= json.length;
    return json;
  }

  /** A copy whose texts are within the limit; depth and breadth are bounded too. */
  #limited(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return cut(value, this.#maxText);
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth === 0) return null;
    if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => this.#limited(item, depth - 1));
    return Object.fromEntries(
      Object.entries(value)
        .slice(0, MAX_ITEMS)
        .map(([key, item]) => [key, this.#limited(item, depth - 1)]),
    );
  }
}

const MAX_DEPTH = 12;
const MAX_ITEMS = 1_000;

/** Never between the halves of a surrogate pair. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

function stringify(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}
