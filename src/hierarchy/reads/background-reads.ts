import { notice } from '../../diagnostics/report.ts';
import { BoundedMap } from '../../util/bounded-map.ts';
import { nextTurn } from '../../util/wait.ts';
import { OriginReads } from './origin-reads.ts';

const MAX_READ_ORIGINS = 100;
/** How long a flush or shutdown waits for reads. */
export const READ_TIMEOUT_MS = 5_000;

let skipped = 0;

/** The instrumentation's own reads, for each server apart. Only a flush waits for them. */
export class BackgroundReads {
  /** Whether the program has read such details itself. Reads then start one turn later, to let the program go first. */
  patient = false;
  readonly #maxPending: number;
  #isStopped = false;
  /** What begins on the next turn, and the wait for it. */
  readonly #waiting: (() => void)[] = [];
  #turn: Promise<void> | undefined;
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

  /** Calls each function on the next turn of the event loop. One wait serves all that ask in this turn. */
  nextTurn(start: () => void): void {
    this.#waiting.push(start);
    this.#turn ??= nextTurn().then(() => {
      this.#turn = undefined;
      for (const waiting of this.#waiting.splice(0)) waiting();
    });
  }

  /** Counts something that is recorded without a read that would have completed it, and says so once. */
  skip(): void {
    skipped++;
    notice('reads_skipped', String(skipped));
  }

  /** Goes on with what has waited for a server that rested. */
  goOn(): void {
    for (const reads of this.#origins.values()) reads.goOn();
  }

  /** Waits for the current reads and those that they start, but not for a server that rests. */
  async settled(timeoutMs: number = READ_TIMEOUT_MS): Promise<void> {
    await this.#turn;
    const all = [...this.#origins.values()];
    for (const reads of all) {
      if (reads.rests) reads.clear();
      reads.goOn();
    }
    await Promise.all(all.map((reads) => reads.settled(timeoutMs)));
  }

  /** Waits for the last time, and aborts the reads that are not over by then. */
  async end(timeoutMs: number): Promise<void> {
    await this.settled(timeoutMs);
    for (const reads of this.#origins.values()) reads.abort();
  }

  /** Drops the reads that have not started. */
  clear(): void {
    for (const reads of this.#origins.values()) reads.clear();
  }

  /** Nothing is read any more: the process exits. */
  stop(): void {
    this.#isStopped = true;
    for (const reads of this.#origins.values()) reads.stop();
  }
}
