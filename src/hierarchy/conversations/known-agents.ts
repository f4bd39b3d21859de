import { BoundedMap } from '../../util/bounded-map.ts';
import type { Agent } from '../model.ts';
import { keyAt } from './conversation-keys.ts';

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
