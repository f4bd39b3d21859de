import { monotonic } from '../../util/clock.ts';

const FIRST_DELAY_MS = 1_000;
const MAX_CLOSING_READS = 5;

/** When the API is asked how something ended that the program no longer waits for: after 1 s, then at doubling intervals. */
export class ClosingPlan {
  #delay = 0;
  #readsLeft = 0;
  /** In monotonic milliseconds. */
  #next = Number.POSITIVE_INFINITY;

  /** Called when the program's wait for the end was aborted or broke. */
  begin(time: number = monotonic()): void {
    this.#readsLeft = MAX_CLOSING_READS;
    this.#delay = FIRST_DELAY_MS;
    this.#next = time + FIRST_DELAY_MS;
  }

  /** Called when the program asks again itself. */
  cancel(): void {
    this.#next = Number.POSITIVE_INFINITY;
  }

  /** Whether to ask now. Each time counts. */
  isDue(time: number): boolean {
    if (time < this.#next) return false;
    this.#readsLeft--;
    this.#delay *= 2;
    this.#next = this.#readsLeft > 0 ? time + this.#delay : Number.POSITIVE_INFINITY;
    return true;
  }
}
