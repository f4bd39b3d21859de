import { notice } from '../diagnostics/report.ts';
import { TaskQueue } from '../util/task-queue.ts';
import { nextTurn } from '../util/wait.ts';

const MAX_CONCURRENT_READS = 2;
const MAX_PENDING_READS = 1_000;
const FAILURES_TO_GIVE_UP = 3;
/** How long a flush or shutdown waits for reads. */
const READ_TIMEOUT_MS = 5_000;

/**
 * Runs the instrumentation's own reads: a few at a time, and none after three failures in a row. Only a flush waits for
 * them.
 */
export class BackgroundReads {
  /** Whether the program has read such details itself. Reads then start one turn later, to let the program go first. */
  patient = false;
  readonly #queue = new TaskQueue({ maxConcurrent: MAX_CONCURRENT_READS, maxPending: MAX_PENDING_READS });
  #failures = 0;

  get available(): boolean {
    return this.#failures < FAILURES_TO_GIVE_UP && !this.#queue.full;
  }

  /**
   * @param wanted asked just before the read starts; a read that is not wanted counts as neither success nor failure
   * @returns settles when the read is over; never rejects
   */
  start(read: () => Promise<void>, wanted: () => boolean = () => true): Promise<void> {
    return this.#queue.add(() => this.#attempt(read, wanted), this.patient ? nextTurn() : undefined);
  }

  /** Waits for the current reads and those that they start. */
  settled(): Promise<void> {
    return this.#queue.settled(READ_TIMEOUT_MS);
  }

  /** Waits for the last time. Reads that have not started by then never do. */
  async end(): Promise<void> {
    await this.settled();
    this.#queue.clear();
  }

  async #attempt(read: () => Promise<void>, wanted: () => boolean): Promise<void> {
    try {
      if (!wanted() || this.#failures >= FAILURES_TO_GIVE_UP) return;
      await read();
      this.#failures = this.#failures < FAILURES_TO_GIVE_UP ? 0 : this.#failures;
    } catch {
      this.#failures++;
      if (this.#failures === FAILURES_TO_GIVE_UP) notice('steps_unread', String(FAILURES_TO_GIVE_UP));
    }
  }
}
