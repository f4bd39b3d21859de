import { BoundedMap } from '../util/bounded-map.ts';
import { type Expiring, expireLater, expiring } from '../util/sweep-timer.ts';
import { keyAt } from './conversations/conversation-keys.ts';
import type { Memory } from './invocations/known-invocations.ts';
import type { Agent } from './model.ts';

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

const MAX_AGENTS = 1_000;
const AGENT_LIFETIME_MS = 86_400_000;

/** The agents that this process has seen. Two servers may give the same id to different ones. */
export class KnownAgents extends BoundedMap<string, Agent> {
  constructor() {
    super(MAX_AGENTS, undefined, AGENT_LIFETIME_MS);
  }

  at(origin: string, id: string | undefined): Agent | undefined {
    return id === undefined ? undefined : this.get(keyAt(origin, id));
  }

  keep(origin: string, agent: Agent): void {
    this.set(keyAt(origin, agent.id), agent);
  }
}
