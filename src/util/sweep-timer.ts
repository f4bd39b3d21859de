import { startOutside } from './detached-timer.ts';
import { guard } from './guard.ts';
import { platformTimers } from './platform-timers.ts';
import { atExit } from './process-exit.ts';

/** The interval of a tracker that has nothing open: what it remembers is kept for minutes to hours. */
export const IDLE_SWEEP_INTERVAL_MS = 60_000;

/**
 * Calls a function at intervals while there is something to look after, and another one at exit. It does not keep the
 * process alive.
 */
export class SweepTimer {
  readonly #sweep: () => void;
  readonly #end: () => void;
  #stopTimer: (() => void) | undefined;
  #isIdle = false;
  #stopListening: (() => void) | undefined;

  constructor(sweep: () => void, end: () => void) {
    this.#sweep = sweep;
    this.#end = end;
  }

  get isAwake(): boolean {
    return this.#stopTimer !== undefined && !this.#isIdle;
  }

  wake(interval: number): void {
    this.#isIdle = false;
    this.#every(interval);
    this.#stopListening ??= atExit(this.#end);
  }

  /** Sweeps once a minute, since nothing is open. */
  idle(): void {
    if (this.#isIdle) return;
    this.#isIdle = true;
    this.#every(IDLE_SWEEP_INTERVAL_MS);
  }

  stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#isIdle = false;
    this.#stopListening?.();
    this.#stopListening = undefined;
  }

  #every(interval: number): void {
    this.#stopTimer?.();
    const timers = platformTimers();
    if (timers === undefined) return;
    const { clearInterval, setInterval } = timers;
    const timer = startOutside(() =>
      setInterval(() => guard('ending what is overdue', this.#sweep), interval),
    );
    this.#stopTimer = () => clearInterval(timer);
  }
}
