/** How many gaps of one stream are kept before they are recorded. */
const MAX_KEPT_GAPS = 2_048;

/**
 * The seconds between the chunks of one stream. Recording a value takes a metrics SDK longer than reading a chunk, so the
 * gaps are kept while the program reads and recorded together at the end, or now and then for a long stream.
 */
export class ChunkGaps {
  #gaps: number[] = [];
  #last: number | undefined;

  /**
   * @param time the arrival of a chunk, in milliseconds since the epoch
   * @returns whether the kept gaps should be recorded now
   */
  add(time: number): boolean {
    if (this.#last !== undefined) this.#gaps.push((time - this.#last) / 1e3);
    this.#last = time;
    return this.#gaps.length >= MAX_KEPT_GAPS;
  }

  /** Returns the kept gaps and forgets them. */
  take(): readonly number[] {
    const gaps = this.#gaps;
    this.#gaps = [];
    return gaps;
  }
}
