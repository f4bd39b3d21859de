import { notice } from '../../diagnostics/report.ts';
import { requestsUnderWay } from '../../sdk/program-load.ts';
import { monotonic } from '../../util/clock.ts';
import { field, numberField, readHeader } from '../../util/payload.ts';
import { TaskQueue } from '../../util/task-queue.ts';
import type { Send } from '../dialect.ts';

const MAX_CONCURRENT_READS = 4;
/** From so many unanswered requests of the program on, a server is busy. */
const MAX_REQUESTS_BESIDE_READS = 4;
/** How long reads give way to a program that keeps the server busy. */
const MAX_BUSY_WAIT_MS = 5_000;
const FAILURES_TO_REST = 3;
const FIRST_REST_MS = 1_000;
const MAX_REST_MS = 60_000;
const MAX_RETRY_AFTER_MS = 600_000;
/** How many different things a server has to miss until it counts as one that lacks the endpoint. */
const MISSES_TO_GIVE_UP = 3;
/** When a server that lacks the endpoint is tried again. */
const GIVEN_UP_MS = 600_000;

class DroppedRead extends Error {}

/**
 * The reads from one server: four requests at once, none while it rests after failures, none for some minutes where it
 * lacks the endpoint. While the program keeps the server busy, none begins for five seconds, then one at a time.
 */
export class OriginReads {
  readonly #queue: TaskQueue;
  /** A read makes several requests, some of them at once. */
  readonly #requests: TaskQueue;
  /** Abort the requests that are sent or waiting. */
  readonly #aborts = new Set<() => void>();
  /** In a row. */
  #failures = 0;
  #countedFailures = 0;
  #hasSucceeded = false;
  readonly #missed = new Set<string>();
  /** Until when nothing is read, in monotonic milliseconds. */
  #restsUntil = 0;
  #lacksEndpoint = false;
  /** Since when reads give way to the program, in monotonic milliseconds. */
  #busySince: number | undefined;
  #isStopped = false;

  /** @param maxPending how many reads wait at most */
  constructor(origin: string, maxPending: number) {
    const limits = {
      maxConcurrent: MAX_CONCURRENT_READS,
      mayStart: (running: number): boolean => this.#mayStart(origin, running),
    };
    this.#queue = new TaskQueue({ ...limits, maxPending });
    this.#requests = new TaskQueue({ ...limits, maxPending: Number.POSITIVE_INFINITY });
  }

  /** Starts what has waited for the end of a rest, or of the program's own requests. */
  goOn(): void {
    this.#requests.goOn();
    this.#queue.goOn();
  }

  get available(): boolean {
    return !this.rests && !this.full;
  }

  get full(): boolean {
    return this.#isStopped || this.#queue.full;
  }

  /** Whether reads that are asked for wait. */
  get rests(): boolean {
    return this.#restsUntil > 0 && monotonic() < this.#restsUntil;
  }

  /** Whether the server does not offer what was read. */
  get lacksEndpoint(): boolean {
    return this.#lacksEndpoint && this.rests;
  }

  /**
   * @param id of what is read, by which misses are told apart
   * @param wanted asked just before the read starts and when it fails; a read that is not wanted counts as neither success
   *   nor failure
   * @returns settles when the read is over; never rejects
   */
  start(id: string, read: () => Promise<void>, wanted: () => boolean = () => true): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return this.#queue.add(async () => {
      const before = this.#countedFailures;
      try {
        if (!wanted()) return;
        await read();
        this.#hasSucceeded = true;
        this.#failures = 0;
        this.#missed.clear();
      } catch (error) {
        // What the program has deleted meanwhile is missing for a reason. Reads that fail together fail once.
        if (wanted() && before === this.#countedFailures && !(error instanceof DroppedRead))
          this.#failed(id, error);
      }
    });
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

  /** Drops the reads that have not started, and what those that have would still request. */
  clear(): void {
    this.#queue.clear();
    this.#requests.clear();
  }

  abort(): void {
    this.clear();
    for (const abort of this.#aborts) abort();
  }

  /** Starts nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.clear();
  }

  #mayStart(origin: string, running: number): boolean {
    if (this.rests) return false;
    const isBusy = requestsUnderWay(origin) >= MAX_REQUESTS_BESIDE_READS;
    const now = monotonic();
    this.#busySince = isBusy ? (this.#busySince ?? now) : undefined;
    return this.#busySince === undefined || (running === 0 && now - this.#busySince >= MAX_BUSY_WAIT_MS);
  }

  #failed(id: string, error: unknown): void {
    const status = numberField(error, 'status');
    if (status === 404) {
      if (!this.#hasSucceeded) this.#missed.add(id);
      if (this.#missed.size >= MISSES_TO_GIVE_UP) this.#rest(GIVEN_UP_MS, 'steps_missing');
      return;
    }
    this.#countedFailures++;
    const doublings = ++this.#failures - FAILURES_TO_REST;
    if (status === 405 || status === 501) this.#rest(GIVEN_UP_MS, 'steps_missing');
    else if (doublings >= 0)
      this.#rest(retryAfter(error) ?? Math.min(FIRST_REST_MS * 2 ** doublings, MAX_REST_MS), 'steps_unread');
  }

  #rest(milliseconds: number, reason: 'steps_missing' | 'steps_unread'): void {
    this.#restsUntil = monotonic() + milliseconds;
    this.#lacksEndpoint = reason === 'steps_missing';
    this.#missed.clear();
    notice(reason);
  }
}

/** What the server asks for, in milliseconds. */
function retryAfter(error: unknown): number | undefined {
  const seconds = Number(readHeader(field(error, 'headers'), 'retry-after') ?? Number.NaN);
  return seconds >= 0 ? Math.min(seconds * 1e3, MAX_RETRY_AFTER_MS) : undefined;
}
