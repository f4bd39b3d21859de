import type { Attributes, Span } from '@opentelemetry/api';
import { recordsContentOnSpans, type Settings } from '../config.ts';
import { field } from '../payload.ts';
import { cut, LimitedJson } from './limited-json.ts';
import type { Message, MessagePart } from './messages.ts';

/** Room for the mark that says how much was left out. */
const MARK_LENGTH = 128;
/** The same within a message, where the mark says of how many parts. */
const PARTS_MARK_LENGTH = 32;

/**
 * The one place that decides whether and how much content is recorded.
 *
 * A span's content is written by one of these: it knows the limits, spends them, and gives JSON that stays
 * valid. What is cut says so: a shortened text carries `original_length` (inside of other values it ends in
 * `…`), left-out parts and messages are counted as `omitted_parts` and `omitted_messages`, and left-out values
 * of a list are counted in a last one of type `omitted`. Nothing beyond a limit is serialised.
 */
export class ContentRecorder {
  readonly #maxText: number;
  readonly #maxAttribute: number;
  #left: number;

  /** @param maxAttribute most characters of one attribute; a longer one would be cut by OpenTelemetry's SDK */
  constructor(settings: Settings, maxAttribute: number = Number.POSITIVE_INFINITY) {
    this.#maxText = settings.maxContentLength;
    this.#maxAttribute = maxAttribute;
    this.#left = settings.maxSpanContentLength;
  }

  /** A recorder where content is recorded on spans, else `undefined`, so that nothing is even read. */
  static forSpan(settings: Settings, span: Span): ContentRecorder | undefined {
    return recordsContentOnSpans(settings)
      ? new ContentRecorder(settings, attributeLimitOf(span))
      : undefined;
  }

  /**
   * Adds messages as JSON. The newest are kept where not all fit.
   *
   * @param share of what is left for the span: less than 1 where more content will follow
   */
  addMessages(attributes: Attributes, name: string, messages: readonly Message[], share: number = 1): void {
    if (messages.length === 0) return;
    this.#add(attributes, name, share, (json) => {
      const kept: string[] = [];
      let omitted = messages.length;
      while (omitted > 0) {
        const written = json.spend(1) ? writeMessage(json, messages[omitted - 1] as Message) : undefined;
        if (written === undefined) break;
        kept.unshift(written);
        omitted--;
      }
      if (omitted > 0) kept.unshift(omittedMessages(messages[omitted - 1] as Message, omitted));
      return kept;
    });
  }

  /** Adds parts of system instructions as JSON; the first are kept where not all fit. */
  addParts(attributes: Attributes, name: string, parts: readonly MessagePart[]): void {
    this.#addFirst(attributes, name, parts, writePart);
  }

  /** Adds values of any shape (tool definitions, documents) as JSON; the first are kept where not all fit. */
  addList(attributes: Attributes, name: string, values: readonly unknown[]): void {
    this.#addFirst(attributes, name, values, (json, value) => json.write(value));
  }

  /** Adds a tool call's arguments or result as JSON: objects as they are, anything else under `value`. */
  addValue(attributes: Attributes, name: string, value: unknown): void {
    if (value === undefined || value === null) return;
    const holder = typeof value === 'object' && !Array.isArray(value) ? value : { value };
    const json = new LimitedJson(this.#maxText, Math.min(this.#left, this.#maxAttribute));
    const written = json.write(holder) ?? json.write({ omitted: true });
    if (written === undefined) return;
    attributes[name] = written;
    this.#left -= written.length;
  }

  /** A short text that stands on the span as it is. */
  text(value: string): string {
    const text = cut(value, Math.min(this.#maxText, this.#left));
    this.#left -= text.length;
    return text;
  }

  #addFirst<Value>(
    attributes: Attributes,
    name: string,
    values: readonly Value[],
    write: (json: LimitedJson, value: Value) => string | undefined,
  ): void {
    if (values.length === 0) return;
    this.#add(attributes, name, 1, (json) => {
      const kept: string[] = [];
      for (const value of values) {
        const written = json.spend(1) ? write(json, value) : undefined;
        if (written === undefined) break;
        kept.push(written);
      }
      const omitted = values.length - kept.length;
      if (omitted > 0) kept.push(`{"type":"omitted","name":"…","count":${omitted}}`);
      return kept;
    });
  }

  /** Adds what is written as a JSON array; nothing where there is no room even for the mark. */
  #add(
    attributes: Attributes,
    name: string,
    share: number,
    write: (json: LimitedJson) => readonly string[],
  ): void {
    const limit = Math.min(this.#left * share, this.#maxAttribute) - MARK_LENGTH;
    if (limit < 0) return;
    const written = `[${write(new LimitedJson(this.#maxText, limit)).join(',')}]`;
    attributes[name] = written;
    this.#left -= written.length;
  }
}

function writeMessage(json: LimitedJson, { role, parts, finish_reason }: Message): string | undefined {
  const head = `{"role":"${word(role)}","parts":[`;
  const tail = `${finishReason(finish_reason)}}`;
  if (!json.spend(head.length + 1 + tail.length + PARTS_MARK_LENGTH)) return undefined;
  const kept: string[] = [];
  for (const part of parts) {
    const written = json.spend(1) ? writePart(json, part) : undefined;
    if (written === undefined) break;
    kept.push(written);
  }
  const omitted = parts.length - kept.length;
  if (omitted > 0 && kept.length === 0) return undefined;
  if (omitted === 0) json.spend(-PARTS_MARK_LENGTH);
  return `${head}${kept.join(',')}]${omitted > 0 ? `,"omitted_parts":${omitted}` : ''}${tail}`;
}

function omittedMessages({ role, finish_reason }: Message, count: number): string {
  return `{"role":"${word(role)}","parts":[],"omitted_messages":${count}${finishReason(finish_reason)}}`;
}

function finishReason(reason: string | undefined): string {
  return reason === undefined ? '' : `,"finish_reason":"${word(reason)}"`;
}

/** Roles and finish reasons are short words, whatever stands in their place. */
function word(text: string): string {
  return text.slice(0, 24).replace(/[^\w.-]/g, '_');
}

/** A part's own text is cut to what is left; any other part fits or does not. */
function writePart(json: LimitedJson, part: MessagePart): string | undefined {
  if (part.type !== 'text' && part.type !== 'reasoning') return json.write(part);
  const head = `{"type":"${part.type}","content":`;
  const mark = `,"original_length":${part.content.length}`;
  if (!json.spend(head.length + mark.length + 1)) return undefined;
  const text = json.writeText(part.content);
  if (text === undefined) return undefined;
  if (!text.cut) json.spend(-mark.length);
  return `${head}${text.json}${text.cut ? mark : ''}}`;
}

/** The SDK's own limit, which is on its spans and in no API. */
function attributeLimitOf(span: Span): number {
  const limit = field(field(span, '_spanLimits'), 'attributeValueLengthLimit');
  return typeof limit === 'number' && limit > 0 ? limit : Number.POSITIVE_INFINITY;
}
