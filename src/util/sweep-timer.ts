import { isOfSandbox } from './built-in.ts';
import { guard } from './guard.ts';
import { atExit } from './process-events.ts';
import { platformTimers, startOutside } from './timers.ts';

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

/** Remembers things for a time. */
export interface Expiring {
  readonly isEmpty: boolean;
  /** Forgets what is too old. */
  expire(): void;
}

const EXPIRE_INTERVAL_MS = 60_000;

/** Held weakly: they may hold hooks, and with them a request of the program. */
export const expiring: Set<WeakRef<Expiring>> = new Set();
let stopExpiring: (() => void) | undefined;

/**
 * Lets something expire once a minute until it is empty, also in a process that does nothing else. In a sandbox, such as
 * Jest's, it does not: the timer would keep the sandbox.
 */
export function expireLater(memory: WeakRef<Expiring>): void {
  if (stopExpiring !== undefined) {
    expiring.add(memory);
    return;
  }
  const timers = platformTimers();
  if (timers === undefined || isOfSandbox(timers.setInterval)) return;
  expiring.add(memory);
  const { clearInterval, setInterval } = timers;
  const timer = startOutside(() =>
    setInterval(() => guard('expiring memory entries', expireAll), EXPIRE_INTERVAL_MS),
  );
  stopExpiring = () => clearInterval(timer);
}

function expireAll(): void {
  for (const each of expiring) {
    const memory = each.deref();
    if (memory !== undefined) guard('expiring memory entries', () => memory.expire());
    if (memory === undefined || memory.isEmpty) expiring.delete(each);
  }
  if (expiring.size > 0) return;
  stopExpiring?.();
  stopExpiring = undefined;
}
