import { monotonic } from '../../util/clock.ts';
import type { SegmentMember } from '../conversations/conversation.ts';
import type { Send } from '../dialect.ts';
import { clamp } from '../operation-clock.ts';

/**
 * - `open`: in progress, as far as is known.
 * - `over`: nothing is in progress any more; how it ended is unknown.
 * - `ended`: its end is known; its details may still be read.
 * - `closed`: recorded. Nothing changes it any more.
 */
type LifeState = 'open' | 'over' | 'ended' | 'closed';

/** The life of something that lasts longer than a call: a run, a turn, a background response, a poll loop. */
export class Life {
  /** Milliseconds since the epoch. */
  readonly startTime: number;
  /** The number of requests under way about it. */
  requests = 0;
  /** The number of streams that tell about it and may outlive it. */
  streams = 0;
  /** Set once its end is known. */
  endTime: number | undefined;
  state: LifeState = 'open';
  /** When the API is asked for its end, once the program no longer waits for it. */
  readonly closing: ClosingPlan = new ClosingPlan();
  /** Since when it has been over or ended, in monotonic milliseconds. */
  finished: number | undefined;
  /** When it was last seen in progress; its end is later. */
  #lastOpenTime: number;
  /** The last sign of life, in monotonic milliseconds, but for those since {@link isSilent} was last asked. */
  #lastSign = monotonic();
  /** Whether there was a sign of life since then: reading the clock for each would cost more than all the rest. */
  #hasSign = false;

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

  /** Whether nothing has been heard of it for so many milliseconds, and nothing is under way that could tell. */
  isSilent(milliseconds: number, time: number = monotonic()): boolean {
    if (this.#hasSign || this.requests + this.streams > 0) this.#lastSign = time;
    this.#hasSign = false;
    return time - this.#lastSign >= milliseconds;
  }

  /**
   * @param timeout milliseconds without a sign of life after which it is given up
   * @param idleTimeout milliseconds after its end in which details may still come
   */
  isOverdue(timeout: number, idleTimeout: number, time: number): boolean {
    return this.finished === undefined ? this.isSilent(timeout, time) : time - this.finished >= idleTimeout;
  }

  /** Takes a sign of life. */
  touch(time: number): void {
    this.#hasSign = true;
    if (this.endTime === undefined) this.#lastOpenTime = Math.max(this.#lastOpenTime, time);
  }

  /** Called when it is seen in progress: it is not over after all. */
  goOn(time: number = this.#lastOpenTime): void {
    if (!this.canGoOn) return;
    this.#hasSign = true;
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

  /** When it ended that is seen to be over at a time: not before it was last seen in progress. */
  endSeenAt(time: number, endTime: number): number {
    return clamp(endTime, this.#lastOpenTime, Math.max(time, this.#lastOpenTime));
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

const FIRST_DELAY_MS = 1_000;
const MAX_CLOSING_READS = 5;

/** When the API is asked how something ended that the program no longer waits for: after 1 s, then at doubling intervals. */
export class ClosingPlan {
  #delay = 0;
  #readsLeft = 0;
  /** In monotonic milliseconds. */
  #next = Number.POSITIVE_INFINITY;

  /** Called when the program's wait for the end was aborted or broke. */
  begin(time: number = monotonic()): void {
    this.#readsLeft = MAX_CLOSING_READS;
    this.#delay = FIRST_DELAY_MS;
    this.#next = time + FIRST_DELAY_MS;
  }

  /** Called when the program asks again itself. */
  cancel(): void {
    this.#next = Number.POSITIVE_INFINITY;
  }

  /** Whether to ask now. Each time counts. */
  isDue(time: number): boolean {
    if (time < this.#next) return false;
    this.#readsLeft--;
    this.#delay *= 2;
    this.#next = this.#readsLeft > 0 ? time + this.#delay : Number.POSITIVE_INFINITY;
    return true;
  }
}

/** Something in progress that can be retrieved from the API. */
export interface Retrievable {
  readonly id: string | undefined;
  readonly endpoint: { readonly origin: string };
  readonly life: Life;
  reading: 'no' | 'soon' | 'now';
  /**
   * Asks for its state with one request, and takes the answer. `undefined` if nothing can be retrieved.
   *
   * @throws the SDK's error
   */
  readonly retrieve: ((send: Send) => Promise<void>) | undefined;
  close(): void;
}

/** Another operation that outlives its call and is bounded like an invocation. */
export interface Member extends SegmentMember {
  overdue(): boolean;
  /** Itself, where it can be retrieved. */
  readonly retrievable?: Retrievable;
}
