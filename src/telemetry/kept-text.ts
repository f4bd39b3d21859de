import type { Settings } from '../config/config.ts';
import { cut, ownCopy } from '../util/cut-text.ts';

/** The characters of one answer that are kept for a completion hook; without a hook, those of all its tool calls. */
const MAX_ANSWER_LENGTH = 16_777_216;
/** The base64 characters of media in one answer. Media above 4 MiB get no hash, so their size is enough. */
const MAX_MEDIA_LENGTH = 8_388_608;
/** After this many pieces, a text is copied into one flat string: V8 keeps 32 bytes for each concatenated piece. */
const MAX_PIECES = 1_024;
const BYTES_OF_PIECE = 32;

/** The number of characters kept of an answer while it is streamed, if content is recorded. */
export interface TextLimits {
  /** For one text. */
  readonly text: number;
  /** For one span. */
  readonly span: number;
  /** For the whole answer. */
  readonly answer: number;
}

/** As much as can be recorded. A completion hook sees content before it is cut, and gets as much as its docs promise. */
export function textLimits({ completionHook, maxContentLength, maxSpanContentLength }: Settings): TextLimits {
  const hooked = completionHook !== undefined;
  return {
    text: hooked ? MAX_ANSWER_LENGTH : maxContentLength,
    span: hooked ? MAX_ANSWER_LENGTH : maxSpanContentLength,
    answer: MAX_ANSWER_LENGTH,
  };
}

/** A number of characters that several texts share. */
export class TextRoom {
  readonly maxText: number;
  left: number;

  /** @param maxText the limit for each text */
  constructor(maxText: number, left: number) {
    this.maxText = maxText;
    this.left = left;
  }

  static forMedia(): TextRoom {
    return new TextRoom(MAX_MEDIA_LENGTH, MAX_MEDIA_LENGTH);
  }
}

/** A text that arrives in pieces: keeps its beginning, within the limits, and its whole length. */
export class KeptText {
  text = '';
  length = 0;
  #pieces = 0;
  #isCut = false;

  get isCut(): boolean {
    return this.#isCut;
  }

  /** The text, which ends in `…` if it is cut. */
  get marked(): string {
    return this.#isCut ? `${this.text}…` : this.text;
  }

  add(piece: string, room: TextRoom): void {
    const { length } = piece;
    this.length += length;
    if (this.#isCut || length === 0) return;
    const free = Math.min(room.left, room.maxText - this.text.length);
    if (length > free) {
      this.#isCut = true;
      // Without `this.text === '' ? 2 : `, a text for which there is no room looks like none: only a text can be marked.
      const kept = ownCopy(cut(piece, Math.max(this.text === '' ? 2 : 0, free)));
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
