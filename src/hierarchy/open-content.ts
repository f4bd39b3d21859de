import { notice } from '../diagnostics/report.ts';
import { field, MAX_PART_DEPTH } from '../util/payload.ts';

/** Bytes. */
const MAX_OPEN_CONTENT = 67_108_864;
/** V8 takes one or two. */
const BYTES_OF_CHARACTER = 2;
/** Stands for a number, or for an object without its fields. */
const CHARACTERS_OF_VALUE = 16;

/** Something that keeps content until it ends, which may be never. */
export interface ContentHolder {
  forgetContent(): void;
}

/**
 * The content that all APIs keep between the calls of the program: of runs, turns, background responses, pending tool calls
 * and unanswered messages. It has one budget, beyond which the oldest is forgotten.
 */
export class OpenContent {
  readonly #bytesOf = new Map<ContentHolder, number>();
  #bytes = 0;

  /** @param characters all that the holder keeps now */
  keeps(holder: ContentHolder, characters: number): void {
    const bytes = characters * BYTES_OF_CHARACTER;
    this.#bytes += bytes - (this.#bytesOf.get(holder) ?? 0);
    this.#bytesOf.set(holder, bytes);
    if (this.#bytes > MAX_OPEN_CONTENT) this.#forgetOldest(holder);
  }

  /** Called when the holder has ended, or its content was taken. */
  release(holder: ContentHolder): void {
    this.#bytes -= this.#bytesOf.get(holder) ?? 0;
    this.#bytesOf.delete(holder);
  }

  #forgetOldest(newest: ContentHolder): void {
    for (const holder of this.#bytesOf.keys()) {
      if (this.#bytes <= MAX_OPEN_CONTENT) return;
      if (holder === newest) continue;
      this.release(holder);
      holder.forgetContent();
      notice('content_dropped');
    }
  }
}

export function charactersOf(value: unknown, depth: number = MAX_PART_DEPTH): number {
  if (typeof value === 'string') return value.length;
  let length = CHARACTERS_OF_VALUE;
  if (typeof value !== 'object' || value === null || depth === 0) return length;
  if (Array.isArray(value)) for (const item of value) length += charactersOf(item, depth - 1);
  else for (const key in value) length += key.length + charactersOf(field(value, key), depth - 1);
  return length;
}
