import type { Settings } from '../../config/config.ts';
import { cut, ownCopy } from '../../util/cut-text.ts';
import {
  asName,
  asNumber,
  asTokenCount,
  field,
  first,
  MAX_READ,
  MAX_RECORDED_DEPTH,
  row,
  stringField,
} from '../../util/payload.ts';
import { plainError } from './plain-data.ts';

/** How many characters of one answer are kept in all. With a completion hook, a single text may use all of them. */
const MAX_ANSWER_LENGTH = 16_777_216;
/** How many base64 characters of media are kept of one answer. Of other media, only the size is kept. */
const MAX_MEDIA_LENGTH = 8_388_608;
/** V8 keeps 32 bytes for each concatenated piece. From this many on, a text is flattened if that pays. */
const MAX_PIECES = 1_024;
const BYTES_OF_PIECE = 32;

/** How many characters are kept: of one text, for one span, and of the whole answer. */
export interface TextLimits {
  readonly text: number;
  readonly span: number;
  readonly answer: number;
}

/**
 * The limits allow as much as can be recorded. A completion hook sees content before it is cut, so with a
 * hook the limits are those that its documentation promises.
 */
export function textLimits({ completionHook, maxContentLength, maxSpanContentLength }: Settings): TextLimits {
  const hooked = completionHook !== undefined;
  return {
    text: hooked ? MAX_ANSWER_LENGTH : maxContentLength,
    span: hooked ? MAX_ANSWER_LENGTH : maxSpanContentLength,
    answer: MAX_ANSWER_LENGTH,
  };
}

/** A limit on the number of characters that several texts share. */
export interface TextRoom {
  readonly maxText: number;
  left: number;
}

export function mediaRoom(): TextRoom {
  return { maxText: MAX_MEDIA_LENGTH, left: MAX_MEDIA_LENGTH };
}

/** A text that arrives in pieces: keeps its beginning, within the limits, and its whole length. */
export class KeptText {
  text = '';
  length = 0;
  #pieces = 0;

  get isCut(): boolean {
    return this.text.length < this.length;
  }

  get marked(): string {
    return this.isCut ? `${this.text}…` : this.text;
  }

  add(piece: string, room: TextRoom): void {
    const { isCut } = this;
    this.length += piece.length;
    if (isCut || piece === '') return;
    const free = Math.min(room.left, room.maxText - this.text.length);
    // Keeps two characters even if no room is left. An empty text would look as if there had been no text.
    const least = this.text === '' ? 2 : 0;
    const kept = piece.length <= free ? piece : ownCopy(cut(piece, Math.max(least, free)));
    room.left -= kept.length;
    this.text += kept;
    if (++this.#pieces < MAX_PIECES || this.#pieces * BYTES_OF_PIECE < this.text.length) return;
    this.#pieces = 0;
    this.text = ownCopy(this.text);
  }
}

/** How many fields of a usage object are kept. It normally has about a dozen. */
const MAX_NUMBERS = 64;
const MAX_FIELD_NAME_LENGTH = 64;
const CUT_MARK = '…';

const ENCRYPTED = ['encrypted_content'] as const;
/**
 * Long fields that are never recorded, by the `type` of their object. In any other object, a field with such
 * a name may be the program's own data.
 */
const OMITTED_KEYS: Readonly<Record<string, readonly string[]>> = {
  output_text: ['logprobs', 'annotations'],
  reasoning: ENCRYPTED,
  compaction: ENCRYPTED,
  compaction_summary: ENCRYPTED,
  encrypted_content: ENCRYPTED,
};
/** Keys whose values may be base64 or `data:` URLs. */
const MEDIA: readonly string[] = ['result', 'data', 'image_url', 'file_data', 'audio'];
/** The fields of message parts that hold text. If the text is cut, the part gets an `original_length`. */
const PART_TEXT_FIELDS: readonly string[] = ['text', 'content', 'refusal'];

/**
 * Copies a value that is kept until a stream or run ends, with as much text as the room allows. A cut text of a message
 * part gets an `original_length`; any other cut text ends in `…`.
 */
export function keptValue(value: unknown, room: TextRoom, media: TextRoom = mediaRoom()): unknown {
  let left = MAX_READ * 10;
  const copy = (given: unknown, depth: number): unknown => {
    if (typeof given === 'string') return keptText(given, room).marked;
    if (typeof given === 'function') return undefined;
    if (typeof given !== 'object' || given === null) return given;
    if (depth === 0 || left-- <= 0) return CUT_MARK;
    if (Array.isArray(given))
      return first(given, MAX_READ).flatMap((item) => (left > 0 ? [copy(item, depth - 1)] : []));
    const copied: Record<string, unknown> = {};
    const type = stringField(given, 'type');
    const omitted = row(OMITTED_KEYS, type);
    let keys = 0;
    for (const key in given) {
      if (++keys > MAX_READ || left <= 0) break;
      // Copying `__proto__` would set the prototype.
      if (asName(key) === undefined || key === '__proto__' || omitted?.includes(key)) continue;
      if (!Object.hasOwn(given, key)) continue;
      // Secrets are removed before an error is cut: after that, they might no longer be recognised.
      const item = key === 'error' ? plainError(field(given, key)) : field(given, key);
      copied[key] = typeof item === 'string' ? copyText(item, key, type, copied) : copy(item, depth - 1);
    }
    return copied;
  };
  const copyText = (
    text: string,
    key: string,
    type: string | undefined,
    holder: Record<string, unknown>,
  ): string => {
    // Media are kept whole or not at all: a hash or size of half an image would be wrong.
    const isMedia = MEDIA.includes(key) || type === 'blob' || text.startsWith('data:');
    if (isMedia && text.length > room.maxText) {
      const fits = text.length <= media.left;
      if (fits) media.left -= text.length;
      else holder.original_length = text.length;
      return fits ? text : '';
    }
    const kept = keptText(text, room);
    if (!kept.isCut || !PART_TEXT_FIELDS.includes(key) || type === undefined) return kept.marked;
    holder.original_length = text.length;
    return kept.text;
  };
  return copy(value, MAX_RECORDED_DEPTH);
}

function keptText(text: string, room: TextRoom): KeptText {
  const kept = new KeptText();
  kept.add(text, room);
  return kept;
}

/** Keeps the values of one answer or run, within a limit for each value and a limit for all together. */
export class Keeper {
  readonly #limits: TextLimits;
  readonly #taken = new WeakMap<object, number>();
  readonly #onKept: ((characters: number) => void) | undefined;
  #left: number;
  #media: TextRoom = mediaRoom();

  /** @param onKept called after each value with the number of all characters kept so far */
  constructor(limits: TextLimits, onKept?: (characters: number) => void) {
    this.#limits = limits;
    this.#onKept = onKept;
    this.#left = limits.answer;
  }

  /** Resets the limits. Called when everything that was kept has been dropped. */
  forget(): void {
    this.#left = this.#limits.answer;
    this.#media = mediaRoom();
  }

  /** @param before an earlier kept value that this one replaces. Its characters become free again */
  keep<Value>(value: Value, before?: unknown): Value {
    const { text, span, answer } = this.#limits;
    this.#left += this.#taken.get(before as object) ?? 0;
    const room = { maxText: text, left: Math.min(span, this.#left) };
    const free = room.left;
    const kept = keptValue(value, room, this.#media) as Value;
    const used = free - room.left;
    this.#left -= used;
    if (typeof kept === 'object' && kept !== null) this.#taken.set(kept, used);
    this.#onKept?.(answer - this.#left + MAX_MEDIA_LENGTH - this.#media.left);
    return kept;
  }
}

export function keptNumbers(usage: unknown): object | undefined {
  return keptFields(usage, 3, MAX_NUMBERS, keptNumber);
}

function keptNumber(item: unknown): unknown {
  return typeof item === 'boolean' ? item : (asNumber(item) ?? asTokenCount(item));
}

export function keptFields(
  value: unknown,
  depth: number,
  maxFields: number,
  keep: (item: unknown) => unknown,
): object | undefined {
  if (typeof value !== 'object' || value === null || depth === 0) return undefined;
  const copied: Record<string, unknown> = {};
  let fields = 0;
  for (const key in value) {
    if (++fields > maxFields) break;
    const item = field(value, key);
    const kept = keep(item) ?? keptFields(item, depth - 1, maxFields, keep);
    if (kept !== undefined && key !== '__proto__' && key.length <= MAX_FIELD_NAME_LENGTH) copied[key] = kept;
  }
  return copied;
}
