import { monotonic } from '../util/clock.ts';

/**
 * - `open`: in progress, as far as is known.
 * - `over`: nothing is in progress any more; how it ended is unknown.
 * - `ended`: its end is known; its details may still be read.
 * - `closed`: recorded. Nothing changes it any more.
 */
export type LifeState = 'open' | 'over' | 'ended' | 'closed';

/** The life of something that lasts longer than a call: a run, a turn, a background response, a poll loop. */
export class Life {
  /** Milliseconds since the epoch. */
  readonly startTime: number;
  /** Its creation in monotonic milliseconds. */
  readonly created: number = monotonic();
  /** The number of requests under way about it. */
  requests = 0;
  /** Set once its end is known. */
  endTime: number | undefined;
  state: LifeState = 'open';
  /** Since when it has been over or ended, in monotonic milliseconds. */
  finished: number | undefined;
  /** When it was last seen in progress; its end is later. */
  #lastOpenTime: number;

  constructor(startTime: number) {
    this.startTime = this.#lastOpenTime = startTime;
  }

  /** Whether it may still go on. */
  get canGoOn(): boolean {
    return this.state === 'open' || this.state === 'over';
  }

  get lastOpenTime(): number {
    return this.#lastOpenTime;
  }

  /** Milliseconds since its creation. */
  get age(): number {
    return monotonic() - this.created;
  }

  /** Takes a sign of life. */
  touch(time: number): void {
    if (this.endTime === undefined) this.#lastOpenTime = Math.max(this.#lastOpenTime, time);
  }

  /** Called when it is seen in progress: it is not over after all. */
  goOn(time: number = this.#lastOpenTime): void {
    if (!this.canGoOn) return;
    this.state = 'open';
    this.finished = undefined;
    this.#lastOpenTime = time;
  }

  /** Called when nothing is in progress any more. */
  rest(time: number): void {
    if (!this.canGoOn) return;
    this.touch(time);
    this.state = 'over';
    this.finished ??= monotonic();
  }

  end(endTime: number): void {
    this.state = 'ended';
    this.finished = monotonic();
    this.endTime = Math.max(endTime, this.startTime);
  }

  /** @returns the time of its end, as far as it is known */
  close(): number {
    this.state = 'closed';
    return this.endTime ?? Math.max(this.#lastOpenTime, this.startTime);
  }
}
