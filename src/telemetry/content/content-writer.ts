import type { Attributes, Span } from '@opentelemetry/api';
import type { Message, MessagePart } from '../../config/completion-types.ts';
import type { Settings } from '../../config/config.ts';
import { cut } from '../../util/cut-text.ts';
import { asCount, field } from '../../util/payload.ts';
import { LimitedJson } from './limited-json.ts';
import { MediaPolicy } from './media.ts';

/** Reserved for the mark that counts the omitted values. */
const MARK_LENGTH = 128;
/** Reserved inside a message for the number of omitted parts. */
const PARTS_MARK_LENGTH = 32;
/** The API accepts 4 stop sequences. */
const MAX_TEXTS = 128;
/** Each parameter is an attribute, and a span holds 128. */
const MAX_PARAMETERS = 64;
/** The longest name in the API. */
const MAX_PARAMETER_NAME_LENGTH = 64;

/**
 * The one place that decides how much content is recorded, and in what form. Each operation has its own writer.
 *
 * The writer spends the limits and returns JSON that stays valid. Whatever it cuts is marked: a shortened text carries
 * `original_length` (inside other values it ends in `…`), omitted parts and messages are counted as `omitted_parts` and
 * `omitted_messages`, and omitted values of a list in a last value of type `omitted`. Nothing beyond a limit is
 * serialised.
 */
export class ContentWriter {
  readonly #maxText: number;
  readonly #maxAttribute: number;
  readonly #media: MediaPolicy;
  readonly #shown: MediaPolicy['shown'] = (value, key, holder) => this.#media.shown(value, key, holder);
  #left: number;

  /**
   * @param maxAttribute the limit of OpenTelemetry's SDK for attributes of spans, which would cut JSON in the middle
   * @param maxText its limit for each text on events, which would cut without a mark
   */
  constructor(
    settings: Settings,
    maxAttribute: number = Number.POSITIVE_INFINITY,
    maxText: number = Number.POSITIVE_INFINITY,
  ) {
    this.#maxText = Math.min(settings.maxContentLength, maxText);
    this.#maxAttribute = maxAttribute;
    this.#left = settings.maxSpanContentLength;
    this.#media = new MediaPolicy(settings);
  }

  /** Writes with a share of the limit, because more content will follow. */
  within(share: number, write: () => void): void {
    const kept = this.#left * (1 - share);
    this.#left -= kept;
    write();
    this.#left += kept;
  }

  /** Adds content that is not JSON: texts and lists of texts. */
  addTexts(attributes: Attributes, texts: Attributes): void {
    for (const [name, value] of Object.entries(texts).slice(0, MAX_PARAMETERS)) {
      if (typeof value === 'string') attributes[name] = this.text(value);
      else if (Array.isArray(value))
        attributes[name] = value.slice(0, MAX_TEXTS).map((item) => this.text(String(item)));
    }
  }

  /**
   * Adds messages as JSON. If not all fit, the newest are kept.
   *
   * @param share the share of the span's remaining limit, less than 1 if more content will follow
   */
  addMessages(attributes: Attributes, name: string, messages: readonly Message[], share: number = 1): void {
    const json = this.#startArray(messages.length, share);
    if (json === undefined) return;
    let kept = '';
    let omitted = messages.length;
    while (omitted > 0) {
      const written = json.spend(1) ? this.#writeMessage(json, messages[omitted - 1] as Message) : undefined;
      if (written === undefined) break;
      kept = list(written, kept);
      omitted--;
    }
    if (omitted > 0) kept = list(omittedMessages(messages[omitted - 1] as Message, omitted), kept);
    this.#endArray(attributes, name, kept);
  }

  /** Adds parts of system instructions as JSON. If not all fit, the first are kept. */
  addParts(attributes: Attributes, name: string, parts: readonly MessagePart[]): void {
    this.#addFirst(attributes, name, parts, (json, part) => writePart(json, part, this.#media));
  }

  /** Adds values of any shape (tool definitions, documents) as JSON. If not all fit, the first are kept. */
  addList(attributes: Attributes, name: string, values: readonly unknown[]): void {
    this.#addFirst(attributes, name, values, (json, value) => json.write(value));
  }

  /** Adds the arguments or the result of a tool call as JSON: objects unchanged, anything else under `value`. */
  addValue(attributes: Attributes, name: string, value: unknown): void {
    if (value === undefined || value === null) return;
    this.addJson(attributes, name, typeof value === 'object' && !Array.isArray(value) ? value : { value });
  }

  /** Adds a value of any shape as JSON. */
  addJson(attributes: Attributes, name: string, value: unknown): void {
    if (value === undefined) return;
    const json = this.#json(Math.min(this.#left, this.#maxAttribute));
    const written = json.write(value) ?? json.write({ omitted: true });
    if (written === undefined) return;
    attributes[name] = written;
    this.#left -= written.length;
  }

  /** Limits a text that is recorded as it is. A cut one ends in `…`. */
  text(value: string): string {
    const shown = this.#media.text(value);
    const limit = Math.min(this.#maxText, this.#maxAttribute, this.#left);
    const text = shown.length > limit ? (limit > 0 ? `${cut(shown, limit - 1)}…` : '') : shown;
    this.#left -= text.length;
    return text;
  }

  #addFirst<Value>(
    attributes: Attributes,
    name: string,
    values: readonly Value[],
    write: (json: LimitedJson, value: Value) => string | undefined,
  ): void {
    const json = this.#startArray(values.length, 1);
    if (json === undefined) return;
    let kept = '';
    let omitted = values.length;
    for (const value of values) {
      const written = json.spend(1) ? write(json, value) : undefined;
      if (written === undefined) break;
      kept = list(kept, written);
      omitted--;
    }
    if (omitted > 0) kept = list(kept, `{"type":"omitted","name":"…","count":${omitted}}`);
    this.#endArray(attributes, name, kept);
  }

  /**
   * Starts a JSON array. Its items are concatenated with `+`, which builds a rope: the text is copied only when the span
   * is exported.
   *
   * @returns `undefined` if the array is empty or not even the mark fits
   */
  #startArray(length: number, share: number): LimitedJson | undefined {
    const limit = Math.min(this.#left * share, this.#maxAttribute) - MARK_LENGTH;
    return length === 0 || limit < 0 ? undefined : this.#json(limit);
  }

  #endArray(attributes: Attributes, name: string, items: string): void {
    const written = `[${items}]`;
    attributes[name] = written;
    this.#left -= written.length;
  }

  #json(maxLength: number): LimitedJson {
    return new LimitedJson(this.#maxText, maxLength, this.#shown);
  }

  #writeMessage(json: LimitedJson, { role, name, parts, finish_reason }: Message): string | undefined {
    const head = name === undefined ? (HEADS.get(role) ?? headOf(role)) : headOf(role, name);
    const tail = `${finishReason(finish_reason)}}`;
    if (!json.spend(head.length + 1 + tail.length + PARTS_MARK_LENGTH)) return undefined;
    let kept = '';
    let omitted = 0;
    // A hook may have left another iterable, or holes.
    const all: readonly (MessagePart | undefined)[] = Array.isArray(parts) ? parts : [...parts];
    for (let index = 0; index < all.length; index++) {
      const part = all[index];
      if (part === undefined || this.#media.drops(part)) continue;
      const written = omitted === 0 && json.spend(1) ? writePart(json, part, this.#media) : undefined;
      if (written === undefined) omitted++;
      else kept = list(kept, written);
    }
    if (omitted > 0 && kept === '') return undefined;
    if (omitted > 0) return `${head}${kept}],"omitted_parts":${omitted}${tail}`;
    json.spend(-PARTS_MARK_LENGTH);
    return `${head}${kept}]${tail}`;
  }
}

/** Joins two lists of JSON items, either of which may be empty. */
function list(first: string, second: string): string {
  return first === '' || second === '' ? first + second : `${first},${second}`;
}

const WORD = /^[\w.-]{1,24}$/;

/** The beginnings of most messages, made once. */
const HEADS: ReadonlyMap<string, string> = new Map(
  ['assistant', 'developer', 'system', 'tool', 'user'].map((role) => [role, headOf(role)]),
);

function headOf(role: string, name?: string): string {
  const named =
    name === undefined ? '' : `,"name":${JSON.stringify(cut(String(name), MAX_PARAMETER_NAME_LENGTH))}`;
  return `{"role":"${word(role)}"${named},"parts":[`;
}

function omittedMessages({ role, finish_reason }: Message, count: number): string {
  return `{"role":"${word(role)}","parts":[],"omitted_messages":${count}${finishReason(finish_reason)}}`;
}

function finishReason(reason: string | undefined): string {
  return reason === undefined ? '' : `,"finish_reason":"${word(reason)}"`;
}

/** Roles and finish reasons are short words; anything longer is cut. */
function word(text: string): string {
  const shown = String(text);
  return WORD.test(shown) ? shown : shown.slice(0, 24).replace(/[^\w.-]/g, '_');
}

const TEXT = '{"type":"text","content":';
const REASONING = '{"type":"reasoning","content":';
const ORIGINAL_LENGTH = ',"original_length":';

/** Cuts the text of a part to the remaining limit; any other part fits or is omitted. */
function writePart(json: LimitedJson, part: MessagePart, media: MediaPolicy): string | undefined {
  if (part.type !== 'text' && part.type !== 'reasoning') return json.write(part);
  const head = part.type === 'text' ? TEXT : REASONING;
  const { content: whole, original_length: given } = part;
  const content = media.text(whole);
  const length = given === undefined ? whole.length : Math.max(whole.length, asCount(given) ?? 0);
  const markLength = ORIGINAL_LENGTH.length + String(length).length;
  if (!json.spend(head.length + markLength + 1)) return undefined;
  const text = json.writeText(content);
  if (text === undefined) return undefined;
  if (text.cut || length > content.length) return `${head}${text.json}${ORIGINAL_LENGTH}${length}}`;
  json.spend(-markLength);
  return `${head}${text.json}}`;
}

/** The SDK's limit for attribute values, which no API exposes but its span objects do. */
export function attributeLimitOf(span: Span): number {
  return valueLimit(field(span, '_spanLimits'));
}

/** The same for log records, whose texts are limited one by one. Leaves room for the mark. */
export function textLimitOf(loggers: object | undefined): number {
  return Math.max(1, valueLimit(field(field(loggers, '_sharedState'), 'logRecordLimits')) - 1);
}

function valueLimit(limits: unknown): number {
  const limit = field(limits, 'attributeValueLengthLimit');
  return typeof limit === 'number' && limit > 0 ? limit : Number.POSITIVE_INFINITY;
}
