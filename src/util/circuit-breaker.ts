import { monotonic } from './clock.ts';

export interface CircuitBreakerOptions {
  /** Failures in a row after which it opens. Default 10. */
  readonly failures?: number;
  /** Milliseconds for which it then lets nothing through. Default 60,000. */
  readonly pause?: number;
  /** A clock that never jumps, in milliseconds. */
  readonly clock?: () => number;
}

/**
 * Keeps what fails again and again from being tried again and again. After a number of failures in a row it
 * opens: for a while it admits nothing, silently, and counts what it refused. Then one attempt decides
 * whether it closes or stays open for as long again.
 *
 * It only decides: who asks it does the work, and tells how that went.
 */
export class CircuitBreaker {
  readonly #limit: number;
  readonly #pause: number;
  readonly #clock: () => number;
  #failures = 0;
  #nextAttempt = 0;
  #dropped = 0;

  constructor({ failures = 10, pause = 60_000, clock = monotonic }: CircuitBreakerOptions = {}) {
    this.#limit = failures;
    this.#pause = pause;
    this.#clock = clock;
  }

  /** Whether it is open: nothing passes, but for one attempt when the pause is over. */
  get open(): boolean {
    return this.#failures >= this.#limit;
  }

  /** How much was refused so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Whether the work may be done now.
   *
   * @param count how many things it is about, for the count of what was dropped
   */
  admit(count: number = 1): boolean {
    if (!this.open) return true;
    const time = this.#clock();
    if (time < this.#nextAttempt) {
      this.#dropped += count;
      return false;
    }
    // The next attempt waits for as long again, even if this one never tells how it went.
    this.#nextAttempt = time + this.#pause;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(): void {
    this.#failures++;
    // What was under way when it opened may fail later, and makes the pause no longer.
    if (this.#failures === this.#limit) this.#nextAttempt = this.#clock() + this.#pause;
  }
}
