import { notice } from '../diagnostics/report.ts';
import { nextTurn, settledWithin } from '../util/wait.ts';

const MAX_CONCURRENT_READS = 2;
const MAX_PENDING_READS = 1_000;
const FAILURES_TO_GIVE_UP = 3;
/** How long a flush or shutdown waits for reads. */
const READ_TIMEOUT_MS = 5_000;
/** A read may start others, such as those of a turn's subagents. Bounded, because a busy program starts new ones all the time. */
const MAX_ROUNDS = 4;

/**
 * Runs the instrumentation's own reads: a few at a time, and none after three failures in a row. Only a flush waits for
 * them.
 */
export class BackgroundReads {
  /** Whether the program has read such details itself. Reads then start one turn later, to let the program go first. */
  patient = false;
  readonly #waiting: ((goOn: boolean) => void)[] = [];
  readonly #pending = new Set<Promise<void>>();
  #running = 0;
  #failures = 0;

  get available(): boolean {
    return this.#failures < FAILURES_TO_GIVE_UP && this.#pending.size < MAX_PENDING_READS;
  }

  /**
   * @param wanted asked just before the read starts; a read that is not wanted counts as neither success nor failure
   * @returns settles when the read is over; never rejects
   */
  start(read: () => Promise<void>, wanted: () => boolean = () => true): Promise<void> {
    const done = this.#run(read, wanted).finally(() => this.#pending.delete(done));
    this.#pending.add(done);
    return done;
  }

  /** Waits for the current reads and those that they start. */
  settled(): Promise<void> {
    return settledWithin(READ_TIMEOUT_MS, [this.#settledRounds()]);
  }

  async #settledRounds(): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS && this.#pending.size > 0; round++)
      await Promise.all(this.#pending);
  }

  /** Waits for the last time. Reads that have not started by then never do. */
  async end(): Promise<void> {
    await this.settled();
    for (const answer of this.#waiting.splice(0)) answer(false);
  }

  async #run(read: () => Promise<void>, wanted: () => boolean): Promise<void> {
    if (this.patient) await nextTurn();
    if (
      this.#running >= MAX_CONCURRENT_READS &&
      !(await new Promise<boolean>((resolve) => this.#waiting.push(resolve)))
    )
      return;
    this.#running++;
    try {
      if (!wanted() || this.#failures >= FAILURES_TO_GIVE_UP) return;
      await read();
      this.#failures = this.#failures < FAILURES_TO_GIVE_UP ? 0 : this.#failures;
    } catch {
      this.#failures++;
      if (this.#failures === FAILURES_TO_GIVE_UP) notice('steps_unread', String(FAILURES_TO_GIVE_UP));
    } finally {
      this.#running--;
      this.#waiting.shift()?.(true);
    }
  }
}
