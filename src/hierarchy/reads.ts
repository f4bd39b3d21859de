import { notice } from '../diagnostics/report.ts';
import { hasRequestsUnderWay } from '../sdk/call.ts';
import { BoundedMap } from '../util/bounded-map.ts';
import { monotonic } from '../util/clock.ts';
import { field, numberField, readHeader } from '../util/payload.ts';
import { TaskQueue } from '../util/task-queue.ts';
import { nextTurn } from '../util/wait.ts';
import type { Send } from './dialect.ts';

const MAX_READ_ORIGINS = 100;
const MAX_CONCURRENT_REQUESTS = 4;
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
/** How long a flush or shutdown waits for reads. */
export const READ_TIMEOUT_MS = 5_000;

/** Why a request was not sent. */
class DroppedRead extends Error {}

/** What became of a read. */
export interface ReadOutcome {
  /** Whether a request was sent. */
  readonly began: boolean;
  readonly succeeded: boolean;
}

interface QueuedRead {
  /** Of what is read, by which misses are told apart. */
  readonly id: string;
  /** Sends its requests. It rejects with the SDK's error. */
  readonly run: (send: Send) => Promise<void>;
  /** Asked just before the first request, and after a failure. What is not wanted is not sent, and does not fail. */
  readonly isWanted: () => boolean;
}

/**
 * The reads from one server: four requests at once, none while it rests after failures, none for some minutes where it
 * lacks the endpoint. While the program keeps the server busy, none is sent for five seconds, then one at a time.
 */
export class OriginReads {
  readonly #reads: TaskQueue;
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
  /** When reads began to give way to the program's requests, in monotonic milliseconds; `undefined` while they do not. */
  #busySince: number | undefined;
  #isStopped = false;

  /** @param maxPending how many reads wait at most */
  constructor(origin: string, maxPending: number) {
    this.#reads = new TaskQueue({ maxConcurrent: MAX_CONCURRENT_REQUESTS, maxPending });
    this.#requests = new TaskQueue({
      maxConcurrent: MAX_CONCURRENT_REQUESTS,
      maxPending: Number.POSITIVE_INFINITY,
      mayStart: (running) => this.#maySend(origin, running),
    });
  }

  /** Sends what has waited for the end of a rest, or of the program's own requests. */
  resume(): void {
    this.#requests.resume();
  }

  get full(): boolean {
    return this.#isStopped || this.#reads.full;
  }

  /** Whether reads that are asked for wait. */
  get rests(): boolean {
    return this.#restsUntil > 0 && monotonic() < this.#restsUntil;
  }

  /** Whether the server does not offer what was read. */
  get lacksEndpoint(): boolean {
    return this.#lacksEndpoint && this.rests;
  }

  /** @returns settles when the read is over; never rejects */
  async read({ id, run, isWanted }: QueuedRead): Promise<ReadOutcome> {
    if (this.#isStopped) return { began: false, succeeded: false };
    let began = false;
    let succeeded = false;
    const send: Send = (request) =>
      this.#send((controller) => {
        if (!began && !isWanted()) throw new DroppedRead();
        began = true;
        return request(controller);
      });
    await this.#reads.add(async () => {
      const failuresBefore = this.#countedFailures;
      try {
        await run(send);
        succeeded = true;
        this.#succeeded();
      } catch (error) {
        // Reads that fail together fail once.
        const isFirst = failuresBefore === this.#countedFailures;
        if (isFirst && !(error instanceof DroppedRead) && isWanted()) this.#failed(id, error);
      }
    });
    return { began, succeeded };
  }

  settled(timeoutMs: number): Promise<void> {
    return this.#reads.settled(timeoutMs);
  }

  /** Drops the reads that have not started, and what those that have would still request. */
  clear(): void {
    this.#reads.clear();
    this.#requests.clear();
  }

  abort(): void {
    this.clear();
    for (const abort of this.#aborts) abort();
  }

  /** Sends nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.clear();
  }

  /** Sends a request when it is its turn. */
  #send<Answer>(request: (controller: AbortController) => Promise<Answer>): Promise<Answer> {
    const controller = new AbortController();
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        reject(new DroppedRead());
        controller.abort();
      };
      this.#aborts.add(abort);
      const attempt = async (): Promise<Answer> => request(controller);
      void this.#requests
        .add(() => attempt().then(resolve, reject))
        .then(() => {
          this.#aborts.delete(abort);
          reject(new DroppedRead());
        });
    });
  }

  #maySend(origin: string, running: number): boolean {
    if (this.rests) return false;
    const isBusy = hasRequestsUnderWay(origin, MAX_REQUESTS_BESIDE_READS);
    const now = monotonic();
    this.#busySince = isBusy ? (this.#busySince ?? now) : undefined;
    return this.#busySince === undefined || (running === 0 && now - this.#busySince >= MAX_BUSY_WAIT_MS);
  }

  #succeeded(): void {
    this.#hasSucceeded = true;
    this.#failures = 0;
    this.#missed.clear();
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

let skipped = 0;

/** The instrumentation's own reads, for each server apart. Only a flush waits for them. */
export class BackgroundReads {
  /** Whether the program has read such details itself. Reads then start one turn later, to let it go first. */
  isPatient = false;
  readonly #maxPending: number;
  #isStopped = false;
  readonly #origins = new BoundedMap<string, OriginReads>(MAX_READ_ORIGINS, (reads) => reads.clear());

  /** @param maxPending how many reads wait at most, for each server */
  constructor(maxPending: number) {
    this.#maxPending = maxPending;
  }

  at(origin: string): OriginReads {
    const known = this.#origins.get(origin);
    if (known !== undefined) return known;
    const made = new OriginReads(origin, this.#maxPending);
    if (this.#isStopped) made.stop();
    this.#origins.set(origin, made);
    return made;
  }

  /** Counts something that is recorded without a read that would have completed it, and says so once. */
  skip(): void {
    skipped++;
    notice('reads_skipped', String(skipped));
  }

  /** Goes on with what has waited for a server that rested. */
  resume(): void {
    for (const reads of this.#origins.values()) reads.resume();
  }

  /** Waits for the current reads and those that they start, but not for a server that rests. */
  async settled(timeoutMs: number = READ_TIMEOUT_MS): Promise<void> {
    if (this.isPatient) await nextTurn();
    const all = this.#origins.values();
    for (const reads of all) {
      if (reads.rests) reads.clear();
      reads.resume();
    }
    await Promise.all(all.map((reads) => reads.settled(timeoutMs)));
  }

  /** Waits for the last time, and aborts the reads that are not over by then. */
  async end(timeoutMs: number): Promise<void> {
    await this.settled(timeoutMs);
    for (const reads of this.#origins.values()) reads.abort();
  }

  /** Drops what is not sent. */
  clear(): void {
    for (const reads of this.#origins.values()) reads.clear();
  }

  /** Nothing is read any more: the process exits. */
  stop(): void {
    this.#isStopped = true;
    for (const reads of this.#origins.values()) reads.stop();
  }
}
