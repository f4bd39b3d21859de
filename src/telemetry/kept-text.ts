import type { Settings } from '../config/config.ts';
import { cut } from './content/limited-json.ts';

/** Characters of one answer that are kept for a completion hook, and of all its tool calls without one. */
const MAX_ANSWER_LENGTH = 16_777_216;
/** Base64 of images and sound in one answer: media beyond 4 MiB have no hash, so that their size is enough. */
const MAX_MEDIA_LENGTH = 8_388_608;
/** Pieces after which a text is copied into one string: until then V8 keeps 32 bytes for each piece. */
const MAX_PIECES = 1_024;
const BYTES_OF_PIECE = 32;

/** How many characters are kept of an answer that is still coming, where content is recorded. */
export interface TextLimits {
  /** Of one text. */
  readonly text: number;
  /** Of what one span records. */
  readonly span: number;
  /** Of everything. */
  readonly answer: number;
}

/** As much as can be recorded; for a completion hook, which sees content before it is cut, as much as it is promised. */
export function textLimits({ completionHook, maxContentLength, maxSpanContentLength }: Settings): TextLimits {
  return completionHook === undefined
    ? { text: maxContentLength, span: maxSpanContentLength, answer: MAX_ANSWER_LENGTH }
    : { text: MAX_ANSWER_LENGTH, span: MAX_ANSWER_LENGTH, answer: MAX_ANSWER_LENGTH };
}

/** Room that several texts share. */
export class TextRoom {
  readonly maxText: number;
  left: number;

  /** @param maxText of one text */
  constructor(maxText: number, left: number) {
    this.maxText = maxText;
    this.left = left;
  }

  static forMedia(): TextRoom {
    return new TextRoom(MAX_MEDIA_LENGTH, MAX_MEDIA_LENGTH);
  }
}

/** A text that comes in pieces: its beginning, as far as there is room, and how long all of it is. */
export class KeptText {
  text = '';
  length = 0;
  #pieces = 0;
  #isCut = false;

  get isCut(): boolean {
    return this.#isCut;
  }

  add(piece: string, room: TextRoom): void {
    const { length } = piece;
    this.length += length;
    if (this.#isCut) return;
    const free = Math.min(room.left, room.maxText - this.text.length);
    if (length > free) {
      this.#isCut = true;
      const kept = ownCopy(cut(piece, Math.max(0, free)));
      room.left -= kept.length;
      this.text += kept;
      return;
    }
    room.left -= length;
    this.text += piece;
    if (++this.#pieces >= MAX_PIECES && this.#pieces * BYTES_OF_PIECE >= this.text.length) {
      this.#pieces = 0;
      this.text = ownCopy(this.text);
    }
  }
}

/** The same text as a string of its own: a slice keeps all that it was cut from, and a sum keeps every summand. */
export function ownCopy(text: string): string {
  return ` ${text}`.slice(1);
}
