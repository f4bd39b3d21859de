import { isOfSandbox } from './built-in.ts';
import { guard } from './guard.ts';
import { platform } from './platform.ts';
import { atExit } from './process-events.ts';
import { platformTimers, startOutside } from './timers.ts';

/** Calls a function at intervals until {@link stop}. Keeps the function in memory, but not the process alive. */
export class SweepTimer {
  readonly #sweep: () => void;
  readonly #end: (() => void) | undefined;
  #stopTimer: (() => void) | undefined;
  #stopListening: (() => void) | undefined;

  /** @param end called when the process exits */
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
    // A timer keeps a sandbox, such as Jest's, in memory. There, none starts that only frees memory.
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

export interface Expiring {
  readonly isEmpty: boolean;
  expire(): void;
}

/** Expires a store's entries until it is empty or garbage collected. A weak reference holds the store. */
export function expiryTimer(expiring: Expiring): SweepTimer {
  const held = new platform.WeakRef(expiring);
  const timer = new SweepTimer(() => {
    const memory = held.deref();
    memory?.expire();
    if (memory === undefined || memory.isEmpty) timer.stop();
  });
  return timer;
}
