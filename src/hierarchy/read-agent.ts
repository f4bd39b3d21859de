import type { FactSink, Get } from './dialect.ts';
import type { EngineState } from './engine-state.ts';
import { introduceAgent } from './identify-invocation.ts';
import type { Invocation } from './invocation.ts';

/** Whether the agent has an id, and nobody has shown the agent. */
export function lacksAgent({ kind, agent, agentId }: Invocation): boolean {
  return kind === 'thread' && agent === undefined && agentId !== undefined;
}

/** Reads the agent of an invocation, once for each id: the program may have made it elsewhere. */
export async function readAgentOf(
  invocation: Invocation,
  get: Get,
  facts: FactSink & { readonly engine: EngineState },
): Promise<void> {
  const { agentId } = invocation;
  const { tracker, dialect } = facts.engine;
  if (agentId === undefined || invocation.agent !== undefined || dialect.agentPath === undefined) return;
  if (tracker.agents.get(agentId) === undefined) {
    // What cannot be read is not asked for again.
    tracker.agents.set(agentId, { id: agentId, name: undefined, model: undefined });
    await get(dialect.agentPath(agentId)).then(
      (value) => dialect.read(value, facts, {}),
      () => undefined,
    );
  }
  const agent = tracker.agents.get(agentId);
  if (agent !== undefined) introduceAgent(invocation, agent, {});
}
