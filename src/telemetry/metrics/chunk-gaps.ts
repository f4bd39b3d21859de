/** As many numbers as are kept of one stream. */
const MOST_KEPT = 2_048;

/**
 * The seconds between the chunks of one stream. A metrics SDK works longer on a value than the SDK on a chunk, so
 * they are kept while the program reads and recorded together; a long stream's now and then.
 */
export class ChunkGaps {
  #gaps: number[] = [];
  #last: number | undefined;

  /**
   * @param time of a chunk, in milliseconds since the epoch
   * @returns whether it is time to take what was kept
   */
  add(time: number): boolean {
    if (this.#last !== undefined) this.#gaps.push((time - this.#last) / 1e3);
    this.#last = time;
    return this.#gaps.length >= MOST_KEPT;
  }

  /** Gives what was kept, and begins anew. */
  take(): readonly number[] {
    const gaps = this.#gaps;
    this.#gaps = [];
    return gaps;
  }
}
