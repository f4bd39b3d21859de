import { type Expiring, expireLater, expiring } from '../util/sweep-timer.ts';
import type { Memory } from './invocations/known-invocations.ts';

/** All that a tracker remembers for a time. */
export class Memories implements Expiring {
  readonly #all: Memory[];
  readonly #self = new WeakRef(this);

  constructor(all: Memory[]) {
    this.#all = all;
  }

  add(memory: Memory): void {
    this.#all.push(memory);
  }

  get isEmpty(): boolean {
    return this.#all.every(({ size }) => size === 0);
  }

  expire(): void {
    for (const memory of this.#all) memory.expire();
  }

  /** Called when something was remembered. */
  expireLater(): void {
    if (!expiring.has(this.#self)) expireLater(this.#self);
  }
}
