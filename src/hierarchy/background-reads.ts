import { BoundedMap } from '../util/lru-map.ts';
import { OriginReads } from './origin-reads.ts';

const MAX_READ_ORIGINS = 100;
/** How long a flush or shutdown waits for reads. */
const READ_TIMEOUT_MS = 5_000;

/** The instrumentation's own reads, for each server apart. Only a flush waits for them. */
export class BackgroundReads {
  /** Whether the program has read such details itself. Reads then start one turn later, to let the program go first. */
  patient = false;
  readonly #maxPending: number;
  readonly #origins = new BoundedMap<string, OriginReads>(MAX_READ_ORIGINS, (reads) => reads.clear());

  /** @param maxPending how many reads wait at most, for each server */
  constructor(maxPending: number) {
    this.#maxPending = maxPending;
  }

  at(origin: string): OriginReads {
    const known = this.#origins.get(origin);
    if (known !== undefined) return known;
    const made = new OriginReads(this.#maxPending);
    this.#origins.set(origin, made);
    return made;
  }

  /** Waits for the current reads and those that they start. */
  async settled(): Promise<void> {
    await Promise.all(this.#origins.values().map((reads) => reads.settled(READ_TIMEOUT_MS)));
  }

  /** Waits for the last time. Reads that have not started by then never do. */
  async end(): Promise<void> {
    await this.settled();
    for (const reads of this.#origins.values()) reads.clear();
  }
}
