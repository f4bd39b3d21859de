import { notice } from '../../diagnostics/report.ts';
import { isBusy } from '../../sdk/program-load.ts';
import { monotonic } from '../../util/clock.ts';
import { readHeader } from '../../util/headers.ts';
import { field, numberField } from '../../util/payload.ts';
import { TaskQueue } from '../../util/task-queue.ts';

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
/** How long reads give way to a program that keeps the server busy. */
const MAX_BUSY_WAIT_MS = 5_000;

class DroppedRead extends Error {}

/** Sends a request of a read when it is its turn. The controller aborts it. */
export type Send = <Answer>(request: (controller: AbortController) => Promise<Answer>) => Promise<Answer>;

/**
 * The reads from one server: as many requests at once as it bears, none while it fails, none for some minutes where it
 * lacks the endpoint. While the program keeps the server busy, none begins for five seconds, then one at a time.
 */
export class OriginReads {
  readonly #queue: TaskQueue;
  /** A read makes several requests, some of them at once. */
  readonly #requests: TaskQueue;
  /** Abort the requests that are sent or waiting. */
  readonly #aborts = new Set<() => void>();
  /** Starts what has waited for the end of a rest, or of the program's own requests. */
  readonly goOn: () => void;
  #failures = 0;
  #successes = 0;
  readonly #missed = new Set<string>();
  /** Until when nothing is read, in monotonic milliseconds. */
  #restsUntil = 0;
  /** Since when reads give way to the program, in monotonic milliseconds. */
  #busySince: number | undefined;
  #lacksEndpoint = false;
  #isStopped = false;
  /** Milliseconds that the last reads took. */
  readonly #durations: number[] = [];

  /** @param maxPending how many reads wait at most */
  constructor(origin: string, maxPending: number) {
    const goOn = (): void => {
      this.#requests.goOn();
      this.#queue.goOn();
    };
    const maySend = (running: number): boolean => {
      if (isBusy(origin, goOn)) return running === 0 && this.#hasGivenWay();
      this.#busySince = undefined;
      return true;
    };
    this.#queue = new TaskQueue({
      maxConcurrent: FIRST_CONCURRENT_READS,
      maxPending,
      mayStart: () => !this.rests && maySend(this.#queue.running),
    });
    this.#requests = new TaskQueue({
      maxConcurrent: FIRST_CONCURRENT_READS,
      maxPending: Number.POSITIVE_INFINITY,
      mayStart: () => maySend(this.#requests.running),
    });
    this.goOn = goOn;
  }

  get available(): boolean {
    return !this.rests && !this.full;
  }

  get full(): boolean {
    return this.#isStopped || this.#queue.full;
  }

  /** Whether it has failed too often: reads that are asked for meanwhile wait. */
  get rests(): boolean {
    return this.#restsUntil > 0 && monotonic() < this.#restsUntil;
  }

  /** Whether the server does not offer what was read. */
  get lacksEndpoint(): boolean {
    return this.rests && this.#lacksEndpoint;
  }

  /**
   * @param id of what is read, by which misses are told apart
   * @param wanted asked just before the read starts and when it fails; a read that is not wanted counts as neither success
   *   nor failure
   * @returns settles when the read is over; never rejects
   */
  start(id: string, read: () => Promise<void>, wanted: () => boolean = () => true): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return this.#queue.add(() => this.#attempt(id, read, wanted));
  }

  /** Sends one request of a read that has started. */
  readonly send: Send = (request) =>
    new Promise((resolve, reject) => {
      const controller = new AbortController();
      const abort = (): void => {
        reject(new DroppedRead());
        controller.abort();
      };
      this.#aborts.add(abort);
      const sent = this.#requests.add(() => request(controller).then(resolve, reject));
      void sent.then(() => {
        this.#aborts.delete(abort);
        reject(new DroppedRead());
      });
    });

  settled(timeoutMs: number): Promise<void> {
    return this.#queue.settled(timeoutMs);
  }

  /** Drops the reads that have not started. */
  drop(): void {
    this.#queue.clear();
  }

  /** Drops also what reads that have started would still request. */
  clear(): void {
    this.#queue.clear();
    this.#requests.clear();
  }

  /** Drops what has not started, and aborts the rest. */
  abort(): void {
    this.clear();
    for (const abort of this.#aborts) abort();
  }

  /** Drops what has not started, and starts nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.clear();
  }

  /** A service that always has requests under way would never see the steps of its runs otherwise. */
  #hasGivenWay(): boolean {
    const now = monotonic();
    this.#busySince ??= now;
    return now - this.#busySince >= MAX_BUSY_WAIT_MS;
  }

  async #attempt(id: string, read: () => Promise<void>, wanted: () => boolean): Promise<void> {
    const start = monotonic();
    try {
      if (!wanted()) return;
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
      this.#setConcurrency(Math.min(this.#queue.maxConcurrent + 1, MAX_CONCURRENT_READS));
    this.#durations.push(duration);
    if (this.#durations.length > MAX_DURATIONS) this.#durations.shift();
  }

  #failed(id: string, error: unknown): void {
    if (error instanceof DroppedRead) return;
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
    this.#lacksEndpoint = reason === 'steps_missing';
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
    this.#setConcurrency(Math.max(1, Math.floor(this.#queue.maxConcurrent / 2)));
  }

  #setConcurrency(count: number): void {
    this.#queue.maxConcurrent = this.#requests.maxConcurrent = count;
  }
}

/** What the server asks for, in milliseconds. */
function retryAfter(error: unknown): number | undefined {
  const seconds = Number(readHeader(field(error, 'headers'), 'retry-after') ?? Number.NaN);
  return seconds >= 0 ? Math.min(seconds * 1e3, MAX_REST_MS) : undefined;
}
