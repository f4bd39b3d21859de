import type { Settings } from '../config/config.ts';
import { notice } from '../diagnostics/report.ts';
import { hasRequestsInProgress } from '../sdk/own-requests.ts';
import { BoundedMap } from '../util/bounded-map.ts';
import { guardAsync } from '../util/guard.ts';
import { field, numberField, readHeader } from '../util/payload.ts';
import { platform } from '../util/platform.ts';
import { TaskQueue } from '../util/task-queue.ts';
import { nextTurn } from '../util/wait.ts';
import type { Send } from './dialect.ts';
import type { Invocation } from './invocations/invocation.ts';
import { canContinue, isUnwatched } from './invocations/state-machine.ts';

const MAX_READ_ORIGINS = 100;
/** A read makes at most two requests at a time, so a server gets at most four at once. */
const MAX_CONCURRENT_READS = 2;
/** A server counts as busy if the user's program has at least this many unanswered requests to it. */
const MAX_REQUESTS_BESIDE_READS = 4;
/** How long our own GET requests wait while the user's program keeps the server busy. */
const MAX_BUSY_WAIT_MS = 5_000;
const FAILURES_TO_REST = 3;
const FIRST_REST_MS = 1_000;
const MAX_REST_MS = 60_000;
const MAX_RETRY_AFTER_MS = 600_000;
/** A server that has answered no read, and did not find this many objects, seems to lack the endpoint. */
const MISSES_TO_GIVE_UP = 3;
/** How long reads of such a server pause. */
const GIVEN_UP_MS = 600_000;
/** How long a flush or shutdown waits for our own GET requests to the API. */
export const READ_TIMEOUT_MS = 5_000;

/** Rejects a request that is no longer wanted, or was aborted. */
class DroppedRead extends Error {}

/** `unsent`: no request was sent, because the read was dropped. */
export type ReadOutcome = 'succeeded' | 'failed' | 'unsent';

interface QueuedRead {
  /** The id of the object that is read. Used to count the different objects that a server did not find. */
  readonly id: string;
  readonly run: (send: Send) => Promise<void>;
  /** Checked just before the first request and after a failure. If false, nothing is sent and no failure is counted. */
  readonly isWanted: () => boolean;
}

/**
 * Reads objects from one server with our own GET requests, two objects at once. It pauses after repeated
 * failures, or for ten minutes if the server lacks the endpoint. While the program keeps the server busy, it
 * starts no read for five seconds, then one at a time.
 */
export class OriginReads extends TaskQueue {
  readonly #inFlight = new Set<AbortController>();
  #failures = 0;
  #countedFailures = 0;
  /** The ids of objects that the server did not find. Not set once a read has succeeded. */
  #missed: Set<string> | undefined = new Set();
  /** No read starts before this time, in monotonic milliseconds. */
  #restsUntil = 0;
  #lacksEndpoint = false;
  /** Since when the user's program has kept the server busy, in monotonic milliseconds; `undefined` if it does not. */
  #busySince: number | undefined;
  #isStopped = false;

  constructor(origin: string, maxPending: number) {
    super({
      maxConcurrent: MAX_CONCURRENT_READS,
      maxPending,
      mayStart: (running) => this.#mayStart(origin, running),
    });
  }

  override get full(): boolean {
    return this.#isStopped || super.full;
  }

  get rests(): boolean {
    return this.#restsUntil > 0 && platform.performance.now() < this.#restsUntil;
  }

  /** Whether the server seems to lack the endpoint. After the pause, the endpoint is tried again. */
  get lacksEndpoint(): boolean {
    return this.#lacksEndpoint && this.rests;
  }

  async read({ id, run, isWanted }: QueuedRead): Promise<ReadOutcome> {
    let outcome: ReadOutcome = 'unsent';
    const send: Send = async (request) => {
      if (outcome === 'unsent' && !isWanted()) throw new DroppedRead();
      outcome = 'failed';
      // Each request has a controller of its own: Node 20 warns if one signal has many listeners.
      const controller = new AbortController();
      this.#inFlight.add(controller);
      try {
        return await request(controller);
      } catch (error) {
        throw controller.signal.aborted ? new DroppedRead() : error;
      } finally {
        this.#inFlight.delete(controller);
      }
    };
    await this.add(async () => {
      const failuresBefore = this.#countedFailures;
      try {
        await run(send);
        outcome = 'succeeded';
        this.#failures = 0;
        this.#missed = undefined;
      } catch (error) {
        // If several reads overlap and fail, only the first failure counts.
        const isFirst = failuresBefore === this.#countedFailures;
        if (isFirst && !(error instanceof DroppedRead) && isWanted()) this.#failed(id, error);
      }
    });
    return outcome;
  }

  abort(): void {
    this.clear();
    for (const controller of this.#inFlight) controller.abort();
  }

  stop(): void {
    this.#isStopped = true;
    this.clear();
  }

  #mayStart(origin: string, running: number): boolean {
    if (this.rests) return false;
    const isBusy = hasRequestsInProgress(origin, MAX_REQUESTS_BESIDE_READS);
    const now = platform.performance.now();
    this.#busySince = isBusy ? (this.#busySince ?? now) : undefined;
    return this.#busySince === undefined || (running === 0 && now - this.#busySince >= MAX_BUSY_WAIT_MS);
  }

  #failed(id: string, error: unknown): void {
    const status = numberField(error, 'status');
    if (status === 404) {
      const misses = this.#missed?.add(id).size ?? 0;
      if (misses >= MISSES_TO_GIVE_UP) this.#rest(GIVEN_UP_MS, 'steps_missing');
      return;
    }
    this.#countedFailures++;
    const doublings = ++this.#failures - FAILURES_TO_REST;
    if (status === 405 || status === 501) this.#rest(GIVEN_UP_MS, 'steps_missing');
    else if (doublings >= 0)
      this.#rest(retryAfter(error) ?? Math.min(FIRST_REST_MS * 2 ** doublings, MAX_REST_MS), 'steps_unread');
  }

  #rest(milliseconds: number, reason: 'steps_missing' | 'steps_unread'): void {
    this.#restsUntil = platform.performance.now() + milliseconds;
    this.#lacksEndpoint = reason === 'steps_missing';
    this.#missed?.clear();
    notice(reason);
  }
}

function retryAfter(error: unknown): number | undefined {
  const seconds = Number(readHeader(field(error, 'headers'), 'retry-after') ?? Number.NaN);
  return seconds >= 0 ? Math.min(seconds * 1e3, MAX_RETRY_AFTER_MS) : undefined;
}

let skipped = 0;

/**
 * Our own GET requests to the API, in a queue for each server. They read what no call of the program shows:
 * the end of an invocation that the program no longer waits for, or missing details of one that is over.
 */
export class BackgroundReads {
  /**
   * Set once the user's program has listed the steps of an ended invocation. Reads of details then start one
   * turn later, to let the program go first.
   */
  isPatient = false;
  readonly #current: { readonly settings: Pick<Settings, 'maxConversations' | 'runSteps'> };
  #isStopped = false;
  readonly #origins = new BoundedMap<string, OriginReads>(MAX_READ_ORIGINS, (reads) => reads.clear());

  /** @param current changes with the settings. At most `maxConversations` reads wait for each server */
  constructor(current: { readonly settings: Pick<Settings, 'maxConversations' | 'runSteps'> }) {
    this.#current = current;
  }

  at(origin: string): OriginReads {
    const known = this.#origins.get(origin);
    if (known !== undefined) return known;
    const made = new OriginReads(origin, this.#current.settings.maxConversations);
    if (this.#isStopped) made.stop();
    this.#origins.set(origin, made);
    return made;
  }

  /** Counts an operation that is recorded incomplete, because its read was skipped. */
  skip(): void {
    skipped++;
    notice('reads_skipped', String(skipped));
  }

  resume(): void {
    for (const reads of this.#origins.values()) reads.resume();
  }

  /** Waits for the current reads and those that they start. Reads that wait for a paused server are dropped. */
  async settled(timeoutMs: number = READ_TIMEOUT_MS): Promise<void> {
    if (this.isPatient) await nextTurn();
    const all = this.#origins.values();
    for (const reads of all) {
      if (reads.rests) reads.clear();
      reads.resume();
    }
    await Promise.all(all.map((reads) => reads.settled(timeoutMs)));
  }

  async end(timeoutMs: number): Promise<void> {
    await this.settled(timeoutMs);
    for (const reads of this.#origins.values()) reads.abort();
  }

  clear(): void {
    for (const reads of this.#origins.values()) reads.clear();
  }

  stop(): void {
    this.#isStopped = true;
    for (const reads of this.#origins.values()) reads.stop();
  }

  /**
   * Reads the missing details of an invocation that is over, unless the program asks for them itself. If they cannot be
   * read, the invocation is recorded without them.
   */
  details(invocation: Invocation): void {
    if (!this.#reads(invocation)) return;
    const from = this.at(invocation.endpoint.origin);
    invocation.apply({ type: 'reading', when: 'soon' });
    void guardAsync('reading details', async () => {
      if (from.lacksEndpoint) return invocation.apply({ type: 'details read', isFinal: true });
      if (this.isPatient) await nextTurn();
      if (invocation.life.requests > 0) return invocation.apply({ type: 'reading', when: 'no' });
      const isWanted = (): boolean => !invocation.life.isDeleted && !invocation.isClosed;
      const outcome = await from.read(readOf(invocation, 'details', isWanted));
      if (outcome === 'unsent' && !invocation.isClosed) this.skip();
      invocation.apply({ type: 'details read', isFinal: outcome !== 'failed' });
    });
  }

  allEnds(invocations: Iterable<Invocation>, isLastRead: boolean): void {
    for (const invocation of invocations)
      if (isUnwatched(invocation.life)) this.ending(invocation, isLastRead);
  }

  /** Reads the end of an invocation, unless the server is paused. */
  ending(invocation: Invocation, isLastRead: boolean): void {
    const { life, endpoint } = invocation;
    const from = !life.isDeleted && this.#reads(invocation) ? this.at(endpoint.origin) : undefined;
    const isWanted = (): boolean => canContinue(life) && !life.isDeleted && life.requests === 0;
    invocation.apply({ type: 'reading', when: 'soon' });
    void guardAsync('reading an end', async () => {
      const outcome = from?.rests ? 'unsent' : await from?.read(readOf(invocation, 'end', isWanted));
      if (outcome === 'unsent' && isLastRead && canContinue(life)) this.skip();
      invocation.apply({ type: 'end read', isLastRead });
    });
  }

  #reads({ read }: Invocation): boolean {
    return read !== undefined && this.#current.settings.runSteps === 'fetch';
  }
}

function readOf(invocation: Invocation, what: 'end' | 'details', isWanted: () => boolean): QueuedRead {
  const run = async (send: Send): Promise<void> =>
    invocation.read?.(what, (request) =>
      send((controller) => {
        invocation.apply({ type: 'reading', when: 'now' });
        return request(controller);
      }),
    );
  return { id: invocation.id ?? '', run, isWanted };
}
