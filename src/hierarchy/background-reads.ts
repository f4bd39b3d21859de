import { notice } from '../diagnostics/report.ts';
import { nextTurn, settledWithin } from '../util/wait.ts';

const MOST_AT_ONCE = 2;
const MOST_PENDING = 1_000;
const FAILURES_TO_GIVE_UP = 3;
/** Milliseconds that a flush or a shutdown waits for. */
const PATIENCE = 5_000;
/** A turn that was read has subagents, whose turns are read next; but a busy program starts others all the time. */
const MOST_ROUNDS = 4;

/**
 * Reads of the instrumentation's own: few at a time, none once the server has refused three in a row, and
 * nobody waits for them but a flush.
 */
export class BackgroundReads {
  /** The program reads the same itself: it is given a turn to ask for it, as soon as it knows that it can. */
  patient = false;
  readonly #waiting: ((goOn: boolean) => void)[] = [];
  readonly #pending = new Set<Promise<void>>();
  #running = 0;
  #failures = 0;

  get available(): boolean {
    return this.#failures < FAILURES_TO_GIVE_UP && this.#pending.size < MOST_PENDING;
  }

  /**
   * @param wanted asked when its turn has come; what is not wanted then tells nothing of the server
   * @returns resolves when the read is over, whether it succeeded or not; never rejects
   */
  start(read: () => Promise<void>, wanted: () => boolean = () => true): Promise<void> {
    const done = this.#run(read, wanted).finally(() => this.#pending.delete(done));
    this.#pending.add(done);
    return done;
  }

  /** Waits for the reads that have been started by now, and for what these lead to. */
  settled(): Promise<void> {
    return settledWithin(PATIENCE, [this.#settledRounds()]);
  }

  async #settledRounds(): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS && this.#pending.size > 0; round++)
      await Promise.all(this.#pending);
  }

  /** Waits for them for the last time: what has not begun by then never does. */
  async end(): Promise<void> {
    await this.settled();
    for (const answer of this.#waiting.splice(0)) answer(false);
  }

  async #run(read: () => Promise<void>, wanted: () => boolean): Promise<void> {
    if (this.patient) await nextTurn();
    if (
      this.#running >= MOST_AT_ONCE &&
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
