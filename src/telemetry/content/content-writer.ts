import type { Attributes } from '@opentelemetry/api';
import type { Completion, Message } from '../../config/completion-types.ts';
import type { Settings } from '../../config/config.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { cut } from '../../util/cut-text.ts';
import { logError } from '../../util/guard.ts';
import { asArray, asCount, field, fieldsOf, first, MAX_RECORDED_DEPTH } from '../../util/payload.ts';
import {
  inlineMark,
  isBlob,
  MAX_HASHED_BYTES,
  MAX_INLINE_LENGTH,
  MAX_SPAN_INLINE_LENGTH,
  type Media,
  shownMedia,
  textWithoutMedia,
  withInlineMedia,
} from './media.ts';

/** Messages of a request. Only those that fit are read, from the end of the conversation. */
export type UnreadMessages = Pick<readonly Message[], 'length' | 'at'>;

type CompletionFact =
  | 'operation'
  | 'spanContext'
  | 'caller'
  | 'errorMessage'
  | 'evaluationExplanation'
  | 'attributes';

export type Content = {
  readonly [Kind in Exclude<keyof Completion, CompletionFact>]?:
    | (Kind extends 'inputMessages' ? UnreadMessages : Completion[Kind])
    | undefined;
};

/** Returns a value as JSON of at most `room` characters, or `undefined` if it does not fit. */
type WriteContent = (value: unknown, room: number, limits: ContentLimits) => string | undefined;

interface ContentKind {
  readonly name: keyof Content;
  /** The value of the option `hideContent` that hides this kind. Default: `inputs`. */
  readonly of?: 'outputs';
  /** The attribute for the JSON. `parameters` has none: each parameter is an attribute of its own. */
  readonly attribute?: string;
  readonly write?: WriteContent;
  /** The share of the remaining limit that this kind may use. The kinds after it get the rest. Default: 1. */
  readonly share?: number;
}

/** The share of the limit for input messages, or an input before its output. Later content gets the rest. */
export const SHARE_BEFORE_OTHERS = 0.75;

/** All kinds of content, in the order in which they may use up the limit. */
export const CONTENT_KINDS: readonly ContentKind[] = [
  { name: 'parameters' },
  { name: 'systemInstructions', attribute: ATTR.GEN_AI_SYSTEM_INSTRUCTIONS, write: writeParts },
  { name: 'outputMessages', of: 'outputs', attribute: ATTR.GEN_AI_OUTPUT_MESSAGES, write: writeMessages },
  {
    name: 'inputMessages',
    attribute: ATTR.GEN_AI_INPUT_MESSAGES,
    write: writeMessages,
    share: SHARE_BEFORE_OTHERS,
  },
  { name: 'toolDefinitions', attribute: ATTR.GEN_AI_TOOL_DEFINITIONS, write: writeValues },
  { name: 'toolArguments', attribute: ATTR.GEN_AI_TOOL_CALL_ARGUMENTS, write: writeObject },
  { name: 'toolResult', of: 'outputs', attribute: ATTR.GEN_AI_TOOL_CALL_RESULT, write: writeObject },
  { name: 'functionArguments', attribute: ATTR.OPENAI_TRACE_INPUT, write: writeValue },
  { name: 'functionResult', of: 'outputs', attribute: ATTR.OPENAI_TRACE_OUTPUT, write: writeValue },
  { name: 'documents', of: 'outputs', attribute: ATTR.GEN_AI_RETRIEVAL_DOCUMENTS, write: writeValues },
  { name: 'requestBody', attribute: ATTR.OPENAI_REQUEST_BODY, write: writeObject },
];

/** Attributes that are JSON on spans and structured values on events. */
export const STRUCTURED: ReadonlySet<string | undefined> = new Set(
  CONTENT_KINDS.filter(({ write }) => write !== writeValue).map(({ attribute }) => attribute),
);

/** The limits for the content of one operation. Lengths are in characters. */
export interface ContentLimits {
  readonly maxText: number;
  readonly maxAttribute: number;
  left: number;
  readonly media: Media;
  readonly hidden: Settings['hideContent'];
}

/**
 * @param maxAttribute the limit of OpenTelemetry's SDK for attributes of spans. The SDK would cut JSON in the middle
 * @param maxText the limit of the SDK for each text on events. The SDK would cut a text without a mark
 */
export function contentLimits(
  settings: Pick<Settings, 'hideContent' | 'maxContentLength' | 'maxSpanContentLength' | 'media'>,
  maxAttribute: number = Number.POSITIVE_INFINITY,
  maxText: number = Number.POSITIVE_INFINITY,
): ContentLimits {
  const { hideContent, maxContentLength, maxSpanContentLength, media } = settings;
  return {
    maxText: Math.min(maxContentLength, maxText),
    maxAttribute,
    left: maxSpanContentLength,
    media: {
      mode: media,
      maxInline: Math.min(MAX_INLINE_LENGTH, maxText),
      inlineLeft: MAX_SPAN_INLINE_LENGTH,
      inlined: [],
      hashable: MAX_HASHED_BYTES,
    },
    hidden: hideContent,
  };
}

/**
 * Writes content as attributes, except what the program hides. JSON stays valid, and whatever is left out is
 * marked: a cut text has an `original_length` or, inside other values, ends in `…`. `omitted_parts` and
 * `omitted_messages` count parts and messages, and a last value of type `omitted` counts the rest of a list.
 *
 * @param share the share of the remaining limit that the content may use: less than 1 if more follows
 */
export function writeContent(limits: ContentLimits, content: Content, share: number = 1): Attributes {
  const written: Attributes = {};
  const reserved = Math.ceil(limits.left * (1 - share));
  // Not `for … of`, whose iterator would allocate memory for each kind.
  for (let index = 0; index < CONTENT_KINDS.length; index++) {
    const { name, of = 'inputs', attribute, write, share: most = 1 } = CONTENT_KINDS[index] as ContentKind;
    if (of === limits.hidden) continue;
    try {
      const value = content[name];
      if (value === undefined || value === null) continue;
      if (attribute === undefined || write === undefined) {
        writeTexts(written, value as Attributes, limits, reserved);
        continue;
      }
      const room = Math.min(Math.floor((limits.left - reserved) * most), limits.maxAttribute);
      const json = write(value, room, limits);
      // Nothing is left of media that are dropped.
      if (json === undefined || json === 'null') continue;
      limits.left -= json.length;
      const whole = withInlineMedia(limits.media, json);
      written[attribute] =
        whole.length > limits.maxAttribute
          ? write(value, room, { ...limits, media: { ...limits.media, mode: 'reference' } })
          : whole;
    } catch (error) {
      // A completion hook may have replaced a field by a getter that throws.
      logError('recording content', error);
    }
  }
  return written;
}

/** How many parameters are recorded. Each is an attribute, and by default a span holds 128. */
const MAX_PARAMETERS = 64;

/** Adds texts and lists of texts under their own names, not as JSON, while there is room. A cut text ends in `…`. */
function writeTexts(to: Attributes, texts: Attributes, limits: ContentLimits, reserved: number): void {
  const limited = (text: unknown): string[] => {
    const most = Math.min(limits.maxText, limits.maxAttribute, limits.left - reserved);
    if (most < 1) return [];
    const shown = textWithoutMedia(limits.media, String(text));
    const recorded = shown.length <= most ? shown : `${cut(shown, most - 1)}…`;
    limits.left -= recorded.length;
    return [recorded];
  };
  for (const [name, value] of first(Object.entries(texts), MAX_PARAMETERS)) {
    const shown = Array.isArray(value)
      ? first(value).flatMap(limited)
      : typeof value === 'string'
        ? limited(value)
        : [];
    if (shown.length > 0) to[name] = Array.isArray(value) ? shown : shown[0];
  }
}

/** Writes an object, as the conventions require. Any other value becomes `{ value }`. */
function writeObject(value: unknown, room: number, limits: ContentLimits): string | undefined {
  return writeValue(typeof value === 'object' && !Array.isArray(value) ? value : { value }, room, limits);
}

function writeValue(value: unknown, room: number, limits: ContentLimits): string | undefined {
  return limitedJson(value, room, limits) ?? limitedJson({ omitted: true }, room, limits);
}

/** How many characters are reserved for the mark that counts the omitted values. */
const MARK_LENGTH = 128;

export function writeParts(parts: unknown, room: number, limits: ContentLimits): string | undefined {
  return writeValues(parts, room, limits, writePart);
}

export function writeValues(
  list: unknown,
  room: number,
  limits: ContentLimits,
  write: WriteContent = limitedJson,
): string | undefined {
  const values = asArray(list);
  if (values.length === 0 || room < MARK_LENGTH) return undefined;
  let kept = '';
  let index = 0;
  for (; index < values.length; index++) {
    const written = write(values[index], room - MARK_LENGTH - kept.length - 1, limits);
    if (written === undefined) break;
    kept = joinItems(kept, written);
  }
  const omitted = values.length - index;
  return `[${omitted > 0 ? joinItems(kept, `{"type":"omitted","name":"…","count":${omitted}}`) : kept}]`;
}

/** Writes the newest messages that fit. If there are older ones, a message without parts counts them. */
export function writeMessages(list: unknown, room: number, limits: ContentLimits): string | undefined {
  const messages = list as UnreadMessages;
  if (messages.length === 0 || room < MARK_LENGTH) return undefined;
  let kept = '';
  for (let left = messages.length; left > 0; left--) {
    const message = messages.at(left - 1) as Message;
    const written = writeMessage(message, room - MARK_LENGTH - kept.length - 1, limits);
    if (written === undefined) {
      const start = `{"role":"${word(message.role)}","parts":[],"omitted_messages":${left}`;
      return `[${joinItems(start + tailOf(message.finish_reason), kept)}]`;
    }
    kept = joinItems(written, kept);
  }
  return `[${kept}]`;
}

/** How many characters of a message are reserved for the number of omitted parts. */
const PARTS_MARK_LENGTH = 32;
/** Names in messages are cut to this length, the API's own limit. */
const MAX_PARAMETER_NAME_LENGTH = 64;

function writeMessage(message: Message, room: number, limits: ContentLimits): string | undefined {
  const { role, name, parts, finish_reason } = message;
  const named =
    name === undefined ? '' : `,"name":${JSON.stringify(cut(String(name), MAX_PARAMETER_NAME_LENGTH))}`;
  const head = `{"role":"${word(role)}"${named},"parts":[`;
  const tail = tailOf(finish_reason);
  const free = room - head.length - tail.length - 1 - PARTS_MARK_LENGTH;
  if (free < 0) return undefined;
  // A completion hook may have replaced the parts by another iterable.
  const all = Array.isArray(parts) ? parts : [...parts];
  let kept = '';
  for (let index = 0; index < all.length; index++) {
    const written = writePart(all[index], free - kept.length - 1, limits);
    if (written === undefined) {
      // Parts that are dropped anyway do not count as omitted.
      const omitted = all.slice(index).filter((other) => writePart(other, 0, limits) !== '').length;
      return kept === '' ? undefined : `${head}${kept}],"omitted_parts":${omitted}${tail}`;
    }
    kept = joinItems(kept, written);
  }
  return `${head}${kept}]${tail}`;
}

/**
 * Joins two lists of JSON items, either of which may be empty. V8 concatenates without copying: the text is copied only
 * when the span is exported.
 */
function joinItems(first: string, second: string): string {
  return first === '' || second === '' ? first + second : `${first},${second}`;
}

function tailOf(finishReason: string | undefined): string {
  return finishReason === undefined ? '}' : `,"finish_reason":"${word(finishReason)}"}`;
}

const WORD = /^[\w.-]{1,24}$/;

/** Makes a role or finish reason safe inside JSON. These are short words; anything longer is cut. */
function word(text: string): string {
  const shown = String(text);
  return WORD.test(shown) ? shown : shown.slice(0, 24).replace(/[^\w.-]/g, '_');
}

/** The beginning of each part that is a text, by its type. */
const HEADS: ReadonlyMap<unknown, string> = new Map(
  ['text', 'reasoning', 'refusal'].map((type) => [type, `{"type":"${type}","content":`]),
);

/**
 * Writes a part. A text that does not fit is cut; any other part is left out.
 *
 * @returns an empty text for dropped media, and for holes that a completion hook left in an array
 */
function writePart(part: unknown, room: number, limits: ContentLimits): string | undefined {
  const { media, maxText } = limits;
  if (part === undefined || (media.mode === 'drop' && isBlob(part))) return '';
  if (room < 1) return undefined;
  const { type, content: whole, original_length: given } = fieldsOf(part);
  const head = HEADS.get(type);
  if (head === undefined || typeof whole !== 'string') return limitedJson(part, room, limits);
  const content = textWithoutMedia(media, whole);
  const length = Math.max(whole.length, asCount(given) ?? 0);
  if (length === content.length && length <= Math.min(maxText, room)) {
    const json = `${head}${JSON.stringify(content)}}`;
    if (json.length <= room) return json;
  }
  const mark = `,"original_length":${length}}`;
  const most = Math.min(maxText, content.length, room - head.length - mark.length);
  // If the text does not fit, halve it. That leaves room for later parts, such as the answer after reasoning.
  for (let kept = most; kept >= 0; kept = kept === 0 ? -1 : kept >> 1) {
    const json = `${head}${JSON.stringify(cut(content, kept))}${mark}`;
    if (json.length <= room) return json;
  }
  return undefined;
}

const OMITTED = '…';

export interface JsonLimits {
  readonly maxText: number;
  readonly media?: Media;
}

/**
 * Returns a value as JSON of at most `room` characters, or `undefined` if it does not fit. The work depends
 * on the limit and not on the size of the value.
 *
 * @param key the field of `holder` that has the value
 */
export function limitedJson(
  given: unknown,
  room: number,
  limits: JsonLimits,
  depth: number = MAX_RECORDED_DEPTH,
  key?: string,
  holder?: object,
): string | undefined {
  if (room < 1) return undefined;
  const { media } = limits;
  const mark = typeof given === 'string' && media !== undefined && inlineMark(media, given, key, holder);
  if (mark) return withinRoom(mark, room);
  const value = media === undefined ? given : shownMedia(media, given, key, holder);
  if (typeof value === 'string') {
    const text = cutMarked(value, limits);
    // The JSON of a text is never shorter than the text, so a text that is too long need not be serialised.
    return text.length > room ? undefined : withinRoom(JSON.stringify(text), room);
  }
  if (typeof value !== 'object' || value === null)
    return withinRoom(typeof value === 'bigint' ? `"${value}"` : (JSON.stringify(value) ?? 'null'), room);
  if (depth === 0) return withinRoom(`"${OMITTED}"`, room);
  const keys = Array.isArray(value) ? undefined : Object.keys(value);
  const { length } = keys ?? (value as readonly unknown[]);
  // Joined, not concatenated: V8 would keep 32 bytes for each concatenated piece until the span is exported.
  const items: string[] = [];
  let left = room - 1;
  for (let index = 0; index < length; index++) {
    const name = keys?.[index];
    const item = field(value, name ?? index);
    if (name !== undefined && (item === undefined || typeof item === 'function')) continue;
    const head = name === undefined ? '' : `${JSON.stringify(cutMarked(name, limits))}:`;
    // One character is for the comma or bracket after the value.
    const json = limitedJson(item, left - head.length - 1, limits, depth - 1, name, value);
    if (json === undefined) return undefined;
    items.push(head + json);
    left -= head.length + json.length + 1;
  }
  const all = items.join(',');
  return withinRoom(keys === undefined ? `[${all}]` : `{${all}}`, room);
}

function withinRoom(json: string, room: number): string | undefined {
  return json.length <= room ? json : undefined;
}

function cutMarked(text: string, { maxText }: JsonLimits): string {
  return text.length > maxText ? cut(text, maxText) + OMITTED : text;
}
