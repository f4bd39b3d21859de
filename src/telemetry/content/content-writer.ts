import type { Attributes, Span } from '@opentelemetry/api';
import type { Completion, Message, MessagePart } from '../../config/completion-types.ts';
import type { Settings } from '../../config/config.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { cut } from '../../util/cut-text.ts';
import { logError } from '../../util/guard.ts';
import { asCount, field, fieldsOf, MAX_RECORDED_DEPTH } from '../../util/payload.ts';
import { isBlob, MediaPolicy } from './media.ts';

/** How many characters are reserved for the mark that counts the omitted values. */
const MARK_LENGTH = 128;
/** How many characters of a message are reserved for the number of omitted parts. */
const PARTS_MARK_LENGTH = 32;
/** How many texts of one list are recorded. The API accepts 4 stop sequences. */
const MAX_TEXTS = 128;
/** How many parameters are recorded. Each one is an attribute, and a span holds 128 attributes. */
const MAX_PARAMETERS = 64;
/** The names in messages are cut to this length, which is that of the longest name in the API. */
const MAX_PARAMETER_NAME_LENGTH = 64;

/** The content of one operation; each part is optional. */
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
    | 'requestBody'
    | 'parameters'
  >
>;

/** How one kind of content is written. */
interface ContentKind {
  readonly name: keyof Content;
  /** The attribute for its JSON. Parameters are texts that have attributes of their own. */
  readonly attribute: string;
  /** The value of the option `hideContent` that hides it. */
  readonly of: 'inputs' | 'outputs';
  readonly write: (writer: ContentWriter, value: unknown) => string | undefined;
  /** The share of the remaining limit that it may use, so that some is left for the content after it. Default: 1. */
  readonly share?: number;
}

/** The share of the limit for messages if other content follows, and for the input if an output follows. */
export const SHARE_BEFORE_OTHERS = 0.75;

const PARAMETERS = '';

/** All kinds of content, in the order in which they may use up the limit. */
export const CONTENT_KINDS: readonly ContentKind[] = [
  { name: 'parameters', of: 'inputs', attribute: PARAMETERS, write: () => undefined },
  {
    name: 'systemInstructions',
    of: 'inputs',
    attribute: ATTR.GEN_AI_SYSTEM_INSTRUCTIONS,
    write: writeFirstParts,
  },
  { name: 'outputMessages', of: 'outputs', attribute: ATTR.GEN_AI_OUTPUT_MESSAGES, write: writeMessages },
  {
    name: 'inputMessages',
    of: 'inputs',
    attribute: ATTR.GEN_AI_INPUT_MESSAGES,
    write: writeMessages,
    share: SHARE_BEFORE_OTHERS,
  },
  { name: 'toolDefinitions', of: 'inputs', attribute: ATTR.GEN_AI_TOOL_DEFINITIONS, write: writeFirst },
  { name: 'toolArguments', of: 'inputs', attribute: ATTR.GEN_AI_TOOL_CALL_ARGUMENTS, write: writeObject },
  { name: 'toolResult', of: 'outputs', attribute: ATTR.GEN_AI_TOOL_CALL_RESULT, write: writeObject },
  { name: 'functionArguments', of: 'inputs', attribute: ATTR.OPENAI_TRACE_INPUT, write: writeValue },
  { name: 'functionResult', of: 'outputs', attribute: ATTR.OPENAI_TRACE_OUTPUT, write: writeValue },
  { name: 'documents', of: 'outputs', attribute: ATTR.GEN_AI_RETRIEVAL_DOCUMENTS, write: writeFirst },
  { name: 'requestBody', of: 'inputs', attribute: ATTR.OPENAI_REQUEST_BODY, write: writeObject },
];

/** Writes an object. The conventions require one, so any other value is wrapped. */
function writeObject(writer: ContentWriter, value: unknown): string | undefined {
  return writeValue(writer, typeof value === 'object' && !Array.isArray(value) ? value : { value });
}

export function writeValue(writer: ContentWriter, value: unknown): string | undefined {
  return writer.write(value) ?? writer.write({ omitted: true });
}

function writeFirstParts(writer: ContentWriter, list: unknown): string | undefined {
  return writeFirst(writer, list, writePart);
}

/** Writes the first values of a list that fit. A last value counts the others. */
function writeFirst(
  writer: ContentWriter,
  list: unknown,
  writeOne: typeof writePart = (_, value) => writer.write(value),
): string | undefined {
  const values = list as readonly unknown[];
  if (values.length === 0 || !writer.spend(MARK_LENGTH)) return undefined;
  let kept = '';
  let index = 0;
  for (; index < values.length; index++) {
    const written = writer.spend(1) ? writeOne(writer, values[index]) : undefined;
    if (written === undefined) break;
    kept = joinItems(kept, written);
  }
  const omitted = values.length - index;
  return `[${omitted > 0 ? joinItems(kept, `{"type":"omitted","name":"…","count":${omitted}}`) : kept}]`;
}

/** Writes the newest messages that fit. If there are older ones, a message without parts counts them. */
function writeMessages(writer: ContentWriter, list: unknown): string | undefined {
  const messages = list as readonly Message[];
  if (messages.length === 0 || !writer.spend(MARK_LENGTH)) return undefined;
  let kept = '';
  let omitted = messages.length;
  for (; omitted > 0; omitted--) {
    const written = writer.spend(1) ? writeMessage(writer, messages[omitted - 1] as Message) : undefined;
    if (written === undefined) break;
    kept = joinItems(written, kept);
  }
  if (omitted === 0) return `[${kept}]`;
  const { role, finish_reason } = messages[omitted - 1] as Message;
  const mark = `{"role":"${word(role)}","parts":[],"omitted_messages":${omitted}${finishReason(finish_reason)}}`;
  return `[${joinItems(mark, kept)}]`;
}

function writeMessage(
  writer: ContentWriter,
  { role, name, parts, finish_reason }: Message,
): string | undefined {
  const head = name === undefined ? (HEADS.get(role) ?? headOf(role)) : headOf(role, name);
  const tail = `${finishReason(finish_reason)}}`;
  if (!writer.spend(head.length + 1 + tail.length + PARTS_MARK_LENGTH)) return undefined;
  let kept = '';
  let omitted = 0;
  // A completion hook may have replaced the parts by another iterable or by an array with holes.
  const all: readonly (MessagePart | undefined)[] = Array.isArray(parts) ? parts : [...parts];
  for (let index = 0; index < all.length; index++) {
    const part = all[index];
    if (part === undefined || (writer.media.mode === 'drop' && isBlob(part))) continue;
    const written = omitted === 0 && writer.spend(1) ? writePart(writer, part) : undefined;
    if (written === undefined) omitted++;
    else kept = joinItems(kept, written);
  }
  if (omitted > 0 && kept === '') return undefined;
  if (omitted > 0) return `${head}${kept}],"omitted_parts":${omitted}${tail}`;
  writer.spend(-PARTS_MARK_LENGTH);
  return `${head}${kept}]${tail}`;
}

/**
 * Joins two lists of JSON items, either of which may be empty. V8 concatenates without copying: the text is copied only
 * when the span is exported.
 */
function joinItems(first: string, second: string): string {
  return first === '' || second === '' ? first + second : `${first},${second}`;
}

const WORD = /^[\w.-]{1,24}$/;

/** The JSON that most messages begin with, by role. */
const HEADS: ReadonlyMap<string, string> = new Map(
  ['assistant', 'developer', 'system', 'tool', 'user'].map((role) => [role, headOf(role)]),
);

function headOf(role: string, name?: string): string {
  const named =
    name === undefined ? '' : `,"name":${JSON.stringify(cut(String(name), MAX_PARAMETER_NAME_LENGTH))}`;
  return `{"role":"${word(role)}"${named},"parts":[`;
}

function finishReason(reason: string | undefined): string {
  return reason === undefined ? '' : `,"finish_reason":"${word(reason)}"`;
}

/** Makes a role or finish reason safe inside JSON. These are short words; anything longer is cut. */
function word(text: string): string {
  const shown = String(text);
  return WORD.test(shown) ? shown : shown.slice(0, 24).replace(/[^\w.-]/g, '_');
}

const TEXT = '{"type":"text","content":';
const REASONING = '{"type":"reasoning","content":';
const ORIGINAL_LENGTH = ',"original_length":';

/** Writes a part. A text is cut to the remaining limit. Any other value is left out if it does not fit. */
function writePart(writer: ContentWriter, value: unknown): string | undefined {
  const { type, content: whole, original_length: given } = fieldsOf(value);
  if ((type !== 'text' && type !== 'reasoning') || typeof whole !== 'string') return writer.write(value);
  const head = type === 'text' ? TEXT : REASONING;
  const content = writer.media.text(whole);
  const length = given === undefined ? whole.length : Math.max(whole.length, asCount(given) ?? 0);
  const markLength = ORIGINAL_LENGTH.length + String(length).length;
  if (!writer.spend(head.length + markLength + 1)) return undefined;
  const text = writer.writeText(content);
  if (text === undefined) return undefined;
  if (text.cut || length > content.length) return `${head}${text.json}${ORIGINAL_LENGTH}${length}}`;
  writer.spend(-markLength);
  return `${head}${text.json}}`;
}

/** How many items of one array or object are written. */
const MAX_ITEMS = 1_000;
/** Marks an omitted part of a value. */
const OMITTED = '…';

/**
 * Serialises values to JSON within a limited number of characters. It stops at the limit, so its work depends on the
 * limit and not on the size of the payload.
 */
export class LimitedJson {
  readonly maxText: number;
  /** The number of characters that may still be written. */
  left: number;
  readonly media: MediaPolicy | undefined;

  /**
   * @param maxText the limit for one text; a longer one is cut and ends in `…`
   * @param maxLength the limit for all JSON together
   * @param media decides what is written in place of media. By default, media are written unchanged
   */
  constructor(maxText: number, maxLength: number, media?: MediaPolicy) {
    this.maxText = maxText;
    this.left = maxLength;
    this.media = media;
  }

  /** Reserves characters that are written elsewhere. Returns `false`, and reserves nothing, if they do not fit. */
  spend(characters: number): boolean {
    if (characters > this.left) return false;
    this.left -= characters;
    return true;
  }

  /** Returns the value as JSON, or `undefined` if it does not fit; then nothing is spent. */
  write(value: unknown): string | undefined {
    const before = this.left;
    const json = this.#value(value, MAX_RECORDED_DEPTH);
    if (json === undefined) this.left = before;
    return json;
  }

  /** Returns a text as JSON, shortened if needed, or `undefined` if not even a few characters fit. */
  writeText(text: string): { readonly json: string; readonly cut: boolean } | undefined {
    for (let length = Math.min(this.maxText, this.left, text.length); ; length >>= 1) {
      const json = JSON.stringify(cut(text, length));
      if (this.spend(json.length)) return { json, cut: length < text.length };
      if (length === 0) return undefined;
    }
  }

  #value(given: unknown, depth: number, key?: string, holder?: object): string | undefined {
    const value = this.media === undefined ? given : this.media.shown(given, key, holder);
    if (typeof value === 'string') return this.#text(value);
    if (typeof value === 'bigint') return this.#token(`"${value}"`);
    if (typeof value === 'number' || typeof value === 'boolean') return this.#token(JSON.stringify(value));
    if (typeof value !== 'object' || value === null) return this.#token('null');
    if (depth === 0) return this.#token(`"${OMITTED}"`);
    return Array.isArray(value) ? this.#array(value, depth) : this.#object(value, depth);
  }

  #token(json: string): string | undefined {
    return this.spend(json.length) ? json : undefined;
  }

  #text(text: string): string | undefined {
    const shown = text.length > this.maxText ? cut(text, this.maxText) + OMITTED : text;
    // The JSON of a text is never shorter than the text, so a text that is too long need not be serialised.
    return shown.length > this.left ? undefined : this.#token(JSON.stringify(shown));
  }

  #array(values: readonly unknown[], depth: number): string | undefined {
    const written: string[] = [];
    for (let index = 0; index < values.length; index++) {
      const whole = index < MAX_ITEMS;
      const json = this.spend(1) ? this.#value(whole ? values[index] : OMITTED, depth - 1) : undefined;
      if (json === undefined) return undefined;
      written.push(json);
      if (!whole) break;
    }
    return this.spend(2) ? `[${written.join(',')}]` : undefined;
  }

  #object(value: object, depth: number): string | undefined {
    const written: string[] = [];
    for (const key in value) {
      const item = field(value, key);
      if (item === undefined || typeof item === 'function' || !Object.hasOwn(value, key)) continue;
      const whole = written.length < MAX_ITEMS;
      const name = this.#text(whole ? key : OMITTED);
      const json =
        name !== undefined && this.spend(2)
          ? this.#value(whole ? item : true, depth - 1, key, value)
          : undefined;
      if (json === undefined) return undefined;
      written.push(`${name}:${json}`);
      if (!whole) break;
    }
    return this.spend(2) ? `{${written.join(',')}}` : undefined;
  }
}

/**
 * The one place that decides how much content is recorded, and in what form. Each operation has its own writer.
 *
 * The writer spends the limits and returns JSON that stays valid. Whatever it cuts is marked: a shortened text carries
 * `original_length` (inside other values it ends in `…`), omitted parts and messages are counted as `omitted_parts` and
 * `omitted_messages`, and omitted values of a list in a last value of type `omitted`. Nothing beyond a limit is
 * serialised.
 */
export class ContentWriter extends LimitedJson {
  declare readonly media: MediaPolicy;
  readonly #hidden: Settings['hideContent'];
  readonly #maxAttribute: number;

  /**
   * @param maxAttribute the limit of OpenTelemetry's SDK for attributes of spans. The SDK would cut JSON in the middle
   * @param maxText the limit of the SDK for each text on events. The SDK would cut a text without a mark
   */
  constructor(
    settings: Settings,
    maxAttribute: number = Number.POSITIVE_INFINITY,
    maxText: number = Number.POSITIVE_INFINITY,
  ) {
    const { hideContent, maxContentLength, maxSpanContentLength } = settings;
    super(Math.min(maxContentLength, maxText), maxSpanContentLength, new MediaPolicy(settings));
    this.#hidden = hideContent;
    this.#maxAttribute = maxAttribute;
  }

  /**
   * Writes all content that the program does not hide as attributes.
   *
   * @param share the share of the remaining limit that it may use: less than 1 if more content will follow
   */
  writeContent(content: Content, share: number = 1): Attributes {
    const written: Attributes = {};
    const reserved = this.left * (1 - share);
    this.left -= reserved;
    // Not `for … of`, whose iterator would allocate memory for each kind.
    for (let index = 0; index < CONTENT_KINDS.length; index++) {
      const kind = CONTENT_KINDS[index] as ContentKind;
      if (kind.of === this.#hidden) continue;
      try {
        const value = content[kind.name];
        if (value !== undefined && value !== null) this.#add(written, kind, value);
      } catch (error) {
        // A completion hook may have replaced a field by a getter that throws.
        logError('recording content', error);
      }
    }
    this.left += reserved;
    return written;
  }

  #add(attributes: Attributes, { attribute, write, share = 1 }: ContentKind, value: unknown): void {
    if (attribute === PARAMETERS) {
      this.#addTexts(attributes, value as Attributes);
      return;
    }
    const { left } = this;
    let json: string | undefined;
    try {
      this.left = Math.min(left * share, this.#maxAttribute);
      json = write(this, value);
    } finally {
      this.left = left - (json?.length ?? 0);
    }
    if (json !== undefined) attributes[attribute] = json;
  }

  /** Adds texts and lists of texts under their own names. */
  #addTexts(attributes: Attributes, texts: Attributes): void {
    for (const [name, value] of Object.entries(texts).slice(0, MAX_PARAMETERS)) {
      if (typeof value === 'string') attributes[name] = this.#limited(value);
      else if (Array.isArray(value))
        attributes[name] = value.slice(0, MAX_TEXTS).map((item) => this.#limited(String(item)));
    }
  }

  /** Limits a text that is recorded as text, not as JSON. A text that is cut ends in `…`. */
  #limited(value: string): string {
    const shown = this.media.text(value);
    const limit = Math.min(this.maxText, this.#maxAttribute, this.left);
    const text = shown.length > limit ? (limit > 0 ? `${cut(shown, limit - 1)}…` : '') : shown;
    this.left -= text.length;
    return text;
  }
}

/** The SDK's limit for the attribute values of a span. No API exposes it, but the span objects of the SDK have it. */
export function attributeLimitOf(span: Span): number {
  return valueLimit(field(span, '_spanLimits'));
}

/** The SDK's limit for each text of a log record, less one character for the mark of a text that is cut. */
export function textLimitOf(loggers: object | undefined): number {
  return Math.max(1, valueLimit(field(field(loggers, '_sharedState'), 'logRecordLimits')) - 1);
}

function valueLimit(limits: unknown): number {
  const limit = field(limits, 'attributeValueLengthLimit');
  return typeof limit === 'number' && limit > 0 ? limit : Number.POSITIVE_INFINITY;
}
