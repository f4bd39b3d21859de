import { platform } from './platform.ts';
export interface CircuitBreakerOptions {
  /** Consecutive failures after which the breaker opens. Default 10. */
  readonly failures?: number | undefined;
  /** How many milliseconds the breaker stays open. Default 60,000. */
  readonly pause?: number | undefined;
}

/**
 * After a number of consecutive failures, a circuit breaker opens and refuses all work for a pause. Then it admits one
 * attempt, which closes it or begins another pause. The caller does the work and reports how it went.
 */
export class CircuitBreaker {
  readonly #limit: number;
  readonly #pause: number;
  #failures = 0;
  #nextAttempt = 0;
  #dropped = 0;

  constructor({ failures = 10, pause = 60_000 }: CircuitBreakerOptions = {}) {
    this.#limit = failures;
    this.#pause = pause;
  }

  /** Whether the breaker is open. An open breaker still admits one attempt when its pause is over. */
  get open(): boolean {
    return this.#failures >= this.#limit;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Whether the caller may do the work now. If not, `count` items are added to {@link dropped}. */
  admit(count: number = 1): boolean {
    if (!this.open) return true;
    const time = platform.performance.now();
    if (time < this.#nextAttempt) {
      this.#dropped += count;
      return false;
    }
    // Set before the outcome is known: an attempt that never reports must not let everything through.
    this.#nextAttempt = time + this.#pause;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(): void {
    this.#failures++;
    // Work that started before the breaker opened may fail later; it must not extend the pause.
    if (this.#failures === this.#limit) this.#nextAttempt = platform.performance.now() + this.#pause;
  }
}
