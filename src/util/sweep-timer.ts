import { isOfSandbox } from './built-in.ts';
import { guard } from './guard.ts';
import { atExit } from './process-events.ts';
import { platformTimers, startOutside } from './timers.ts';

/**
 * Calls a function at intervals while there is something to look after. It does not keep the process alive. What it calls
 * stays in memory until it stops.
 */
export class SweepTimer {
  readonly #sweep: () => void;
  readonly #end: (() => void) | undefined;
  #stopTimer: (() => void) | undefined;
  #stopListening: (() => void) | undefined;

  /** @param end called at exit */
  constructor(sweep: () => void, end?: () => void) {
    this.#sweep = sweep;
    this.#end = end;
  }

  get isAwake(): boolean {
    return this.#stopTimer !== undefined;
  }

  wake(interval: number): void {
    this.#stopTimer?.();
    const timers = platformTimers();
    // In a sandbox, such as Jest's, what has no end would be kept, and the sandbox with it.
    if (timers !== undefined && !(this.#end === undefined && isOfSandbox(timers.setInterval))) {
      const { clearInterval, setInterval } = timers;
      const timer = startOutside(() => setInterval(() => guard('expiring entries', this.#sweep), interval));
      this.#stopTimer = () => clearInterval(timer);
    }
    if (this.#end !== undefined) this.#stopListening ??= atExit(this.#end);
  }

  stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#stopListening?.();
    this.#stopListening = undefined;
  }
}

/** A store whose entries expire. */
export interface Expiring {
  readonly isEmpty: boolean;
  /** Forgets what is too old. */
  expire(): void;
}

/** Lets something expire until it is empty, or is gone: it is held weakly, since it may hold a request of the program. */
export function expiryTimer(expiring: Expiring): SweepTimer {
  const held = new WeakRef(expiring);
  const timer = new SweepTimer(() => {
    const memory = held.deref();
    memory?.expire();
    if (memory === undefined || memory.isEmpty) timer.stop();
  });
  return timer;
}
