/** When the chunks of a stream arrived, in milliseconds since the epoch. */
export class ChunkTimes {
  count = 0;
  first: number | undefined;
  last: number | undefined;
  longestGap = 0;

  /** @returns the time of the chunk, which is not earlier than that of the previous one */
  add(reading: number): number {
    const { last } = this;
    const time = last !== undefined && reading <= last ? last : reading;
    this.count++;
    this.first ??= time;
    if (last !== undefined && time > last) this.longestGap = Math.max(this.longestGap, time - last);
    this.last = time;
    return time;
  }

  /** Corrects times after the end of the call: the wall clock was set between two chunks. */
  limitTo(endTime: number, startTime: number): void {
    this.last = endTime;
    this.longestGap = Math.min(this.longestGap, endTime - startTime);
  }
}

/** For a call without chunks. */
export const NO_CHUNKS: ChunkTimes = Object.freeze(new ChunkTimes());
