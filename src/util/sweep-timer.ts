import { startOutside } from './detached-timer.ts';
import { guard } from './guard.ts';
import { platformTimers } from './platform-timers.ts';
import { atExit } from './process-events.ts';

/**
 * Calls a function at intervals while there is something to look after, and another one at exit. It does not keep the
 * process alive. What it calls stays in memory until it stops.
 */
export class SweepTimer {
  readonly #sweep: () => void;
  readonly #end: () => void;
  #stopTimer: (() => void) | undefined;
  #stopListening: (() => void) | undefined;

  constructor(sweep: () => void, end: () => void) {
    this.#sweep = sweep;
    this.#end = end;
  }

  get isAwake(): boolean {
    return this.#stopTimer !== undefined;
  }

  wake(interval: number): void {
    this.#every(interval);
    this.#stopListening ??= atExit(this.#end);
  }

  stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#stopListening?.();
    this.#stopListening = undefined;
  }

  #every(interval: number): void {
    this.#stopTimer?.();
    const timers = platformTimers();
    if (timers === undefined) return;
    const { clearInterval, setInterval } = timers;
    const timer = startOutside(() => setInterval(() => guard('expiring entries', this.#sweep), interval));
    this.#stopTimer = () => clearInterval(timer);
  }
}
