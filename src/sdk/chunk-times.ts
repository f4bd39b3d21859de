/** When the chunks of a stream arrived, in milliseconds since the epoch. */
export class ChunkTimes {
  count = 0;
  first: number | undefined;
  last: number | undefined;
  longestGap = 0;

  add(time: number): void {
    const { last = time } = this;
    this.count++;
    this.first ??= time;
    this.longestGap = Math.max(this.longestGap, time - last);
    this.last = time;
  }

  /** Corrects times after the end of the call: the wall clock was set between two chunks. */
  limitTo(endTime: number, startTime: number): void {
    this.last = endTime;
    this.longestGap = Math.min(this.longestGap, endTime - startTime);
  }
}

/** For a call without chunks. */
export const NO_CHUNKS: ChunkTimes = Object.freeze(new ChunkTimes());
