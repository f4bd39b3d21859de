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

/** The forms in which content is written. */
export type WrittenAs = 'texts' | 'messages' | 'parts' | 'list' | 'object' | 'json';

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

  /**
   * Adds a value as an attribute: texts as they are, all else as JSON.
   *
   * @param share of the remaining limit, less than 1 if more content will follow
   */
  add(attributes: Attributes, name: string, as: WrittenAs, value: unknown, share: number = 1): void {
    if (value === undefined || value === null) return;
    if (as === 'texts') this.#addTexts(attributes, value as Attributes);
    else if (as === 'json') this.#addJson(attributes, name, value);
    // The conventions want an object.
    else if (as === 'object')
      this.#addJson(attributes, name, typeof value === 'object' && !Array.isArray(value) ? value : { value });
    else this.#addArray(attributes, name, as, value as readonly unknown[], share);
  }

  /** Limits a text that is recorded as it is. A cut one ends in `…`. */
  text(value: string): string {
    const shown = this.#media.text(value);
    const limit = Math.min(this.#maxText, this.#maxAttribute, this.#left);
    const text = shown.length > limit ? (limit > 0 ? `${cut(shown, limit - 1)}…` : '') : shown;
    this.#left -= text.length;
    return text;
  }

  /** Adds texts and lists of texts under their own names. */
  #addTexts(attributes: Attributes, texts: Attributes): void {
    for (const [name, value] of Object.entries(texts).slice(0, MAX_PARAMETERS)) {
      if (typeof value === 'string') attributes[name] = this.text(value);
      else if (Array.isArray(value))
        attributes[name] = value.slice(0, MAX_TEXTS).map((item) => this.text(String(item)));
    }
  }

  #addJson(attributes: Attributes, name: string, value: unknown): void {
    const json = this.#json(Math.min(this.#left, this.#maxAttribute));
    this.#set(attributes, name, json.write(value) ?? json.write({ omitted: true }));
  }

  /**
   * Adds a JSON array of what fits: the newest messages, the first of other values; nothing if not even the mark fits. The
   * items are concatenated with `+`, which builds a rope: the text is copied only when the span is exported.
   */
  #addArray(
    attributes: Attributes,
    name: string,
    as: 'messages' | 'parts' | 'list',
    values: readonly unknown[],
    share: number,
  ): void {
    const limit = Math.min(this.#left * share, this.#maxAttribute) - MARK_LENGTH;
    if (values.length === 0 || limit < 0) return;
    const json = this.#json(limit);
    const areMessages = as === 'messages';
    const write = areMessages ? writeMessage : as === 'parts' ? writePart : writeValue;
    let kept = '';
    let omitted = values.length;
    while (omitted > 0) {
      const value = values[areMessages ? omitted - 1 : values.length - omitted];
      const written = json.spend(1) ? write(json, value, this.#media) : undefined;
      if (written === undefined) break;
      kept = areMessages ? list(written, kept) : list(kept, written);
      omitted--;
    }
    if (omitted > 0 && areMessages)
      kept = list(omittedMessages(values[omitted - 1] as Message, omitted), kept);
    else if (omitted > 0) kept = list(kept, `{"type":"omitted","name":"…","count":${omitted}}`);
    this.#set(attributes, name, `[${kept}]`);
  }

  #json(maxLength: number): LimitedJson {
    return new LimitedJson(this.#maxText, maxLength, this.#shown);
  }

  #set(attributes: Attributes, name: string, written: string | undefined): void {
    if (written === undefined) return;
    attributes[name] = written;
    this.#left -= written.length;
  }
}

function writeValue(json: LimitedJson, value: unknown): string | undefined {
  return json.write(value);
}

function writeMessage(json: LimitedJson, message: unknown, media: MediaPolicy): string | undefined {
  const { role, name, parts, finish_reason } = message as Message;
  const head = name === undefined ? (HEADS.get(role) ?? headOf(role)) : headOf(role, name);
  const tail = `${finishReason(finish_reason)}}`;
  if (!json.spend(head.length + 1 + tail.length + PARTS_MARK_LENGTH)) return undefined;
  let kept = '';
  let omitted = 0;
  // A hook may have left another iterable, or holes.
  const all: readonly (MessagePart | undefined)[] = Array.isArray(parts) ? parts : [...parts];
  for (let index = 0; index < all.length; index++) {
    const part = all[index];
    if (part === undefined || media.drops(part)) continue;
    const written = omitted === 0 && json.spend(1) ? writePart(json, part, media) : undefined;
    if (written === undefined) omitted++;
    else kept = list(kept, written);
  }
  if (omitted > 0 && kept === '') return undefined;
  if (omitted > 0) return `${head}${kept}],"omitted_parts":${omitted}${tail}`;
  json.spend(-PARTS_MARK_LENGTH);
  return `${head}${kept}]${tail}`;
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
function writePart(json: LimitedJson, value: unknown, media: MediaPolicy): string | undefined {
  const part = value as MessagePart;
  const { type } = part;
  if (type !== 'text' && type !== 'reasoning') return json.write(part);
  const { content: whole, original_length: given } = part;
  const head = type === 'text' ? TEXT : REASONING;
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
