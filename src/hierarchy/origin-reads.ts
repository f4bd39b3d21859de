import { notice } from '../diagnostics/report.ts';
import { monotonic } from '../util/clock.ts';
import { readHeader } from '../util/headers.ts';
import { field, numberField } from '../util/payload.ts';
import { TaskQueue } from '../util/task-queue.ts';

const FIRST_CONCURRENT_READS = 2;
const MAX_CONCURRENT_READS = 8;
const SUCCESSES_FOR_ONE_MORE = 10;
const FAILURES_TO_REST = 3;
const REST_MS = 60_000;
const MAX_REST_MS = 600_000;
/** How many different things a server has to miss until it counts as one that lacks the endpoint. */
const MISSES_TO_GIVE_UP = 3;
/** When a server that lacks the endpoint is tried again. */
const GIVEN_UP_MS = 600_000;
const LACKING: ReadonlySet<number | undefined> = new Set([405, 501]);
const NOT_FOUND = 404;
const MAX_DURATIONS = 20;
/** A read that takes this many times the median is slow. */
const SLOW = 2;
const MIN_DURATIONS = 5;

/**
 * The reads from one server: as many at once as it bears, none while it fails, none for some minutes where it lacks the
 * endpoint.
 */
export class OriginReads {
  readonly #queue: TaskQueue;
  #failures = 0;
  #successes = 0;
  readonly #missed = new Set<string>();
  /** Until when nothing is read, in monotonic milliseconds. */
  #restsUntil = 0;
  /** Milliseconds that the last reads took. */
  readonly #durations: number[] = [];

  /** @param maxPending how many reads wait at most */
  constructor(maxPending: number) {
    this.#queue = new TaskQueue({ maxConcurrent: FIRST_CONCURRENT_READS, maxPending });
  }

  get available(): boolean {
    return !this.#rests && !this.#queue.full;
  }

  get #rests(): boolean {
    return monotonic() < this.#restsUntil;
  }

  /**
   * @param id of what is read, by which misses are told apart
   * @param wanted asked just before the read starts and when it fails; a read that is not wanted counts as neither success
   *   nor failure
   * @param ready the read starts only once this is settled
   * @returns settles when the read is over; never rejects
   */
  start(
    id: string,
    read: () => Promise<void>,
    wanted: () => boolean = () => true,
    ready?: Promise<void>,
  ): Promise<void> {
    return this.#queue.add(() => this.#attempt(id, read, wanted), ready);
  }

  settled(timeoutMs: number): Promise<void> {
    return this.#queue.settled(timeoutMs);
  }

  clear(): void {
    this.#queue.clear();
  }

  async #attempt(id: string, read: () => Promise<void>, wanted: () => boolean): Promise<void> {
    const start = monotonic();
    try {
      if (this.#rests || !wanted()) return;
      await read();
      this.#succeeded(monotonic() - start);
    } catch (error) {
      // What the program has deleted meanwhile is missing for a reason.
      if (wanted()) this.#failed(id, error);
    }
  }

  #succeeded(duration: number): void {
    this.#failures = 0;
    this.#missed.clear();
    this.#successes++;
    if (this.#isSlow(duration)) this.#slowDown();
    else if (this.#successes % SUCCESSES_FOR_ONE_MORE === 0)
      this.#queue.maxConcurrent = Math.min(this.#queue.maxConcurrent + 1, MAX_CONCURRENT_READS);
    this.#durations.push(duration);
    if (this.#durations.length > MAX_DURATIONS) this.#durations.shift();
  }

  #failed(id: string, error: unknown): void {
    const status = numberField(error, 'status');
    if (status === NOT_FOUND) {
      if (this.#successes === 0 && this.#missed.size < MISSES_TO_GIVE_UP) this.#missed.add(id);
      if (this.#missed.size >= MISSES_TO_GIVE_UP) this.#rest(GIVEN_UP_MS, 'steps_missing');
      return;
    }
    this.#slowDown();
    if (LACKING.has(status)) this.#rest(GIVEN_UP_MS, 'steps_missing');
    else if (++this.#failures >= FAILURES_TO_REST) this.#rest(retryAfter(error) ?? REST_MS, 'steps_unread');
  }

  #rest(milliseconds: number, reason: 'steps_missing' | 'steps_unread'): void {
    this.#restsUntil = monotonic() + milliseconds;
    this.#failures = 0;
    this.#missed.clear();
    notice(reason);
  }

  #isSlow(duration: number): boolean {
    if (this.#durations.length < MIN_DURATIONS) return false;
    const median = this.#durations.toSorted((a, b) => a - b)[Math.floor(this.#durations.length / 2)] ?? 0;
    return duration > SLOW * median;
  }

  #slowDown(): void {
    this.#queue.maxConcurrent = Math.max(1, Math.floor(this.#queue.maxConcurrent / 2));
  }
}

/** What the server asks for, in milliseconds. */
function retryAfter(error: unknown): number | undefined {
  const seconds = Number(readHeader(field(error, 'headers'), 'retry-after') ?? Number.NaN);
  return seconds >= 0 ? Math.min(seconds * 1e3, MAX_REST_MS) : undefined;
}
