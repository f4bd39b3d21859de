/** As many numbers as are kept of one stream. */
const MOST_KEPT = 2_048;

/**
 * The seconds between the chunks of one stream. A metrics SDK works longer on a value than the SDK on a chunk, so
 * they are kept while the program reads and recorded together; a long stream's now and then.
 */
export class ChunkGaps {
  readonly #record: (gaps: readonly number[]) => void;
  #gaps: number[] = [];
  #last: number | undefined;

  /** @param record takes what was kept */
  constructor(record: (gaps: readonly number[]) => void) {
    this.#record = record;
  }

  /** @param time of a chunk, in milliseconds since the epoch */
  add(time: number): void {
    if (this.#last !== undefined) this.#gaps.push((time - this.#last) / 1e3);
    this.#last = time;
    if (this.#gaps.length >= MOST_KEPT) this.flush();
  }

  flush(): void {
    if (this.#gaps.length === 0) return;
    const gaps = this.#gaps;
    this.#gaps = [];
    this.#record(gaps);
  }
}
