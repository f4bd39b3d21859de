import type { FactSink, Get } from './dialect.ts';
import type { EngineState } from './engine-state.ts';
import { introduceAgent } from './identify-invocation.ts';
import type { Invocation } from './invocation.ts';

/** Whether the agent has an id, and nobody has shown the agent. */
export function lacksAgent({ kind, agent, agentId }: Invocation): boolean {
  return kind === 'thread' && agent === undefined && agentId !== undefined;
}

/** Tells an invocation its agent, which the program may have made elsewhere: it is read once for each id. */
export async function readAgentOf(
  invocation: Invocation,
  get: Get,
  facts: FactSink & { readonly engine: EngineState },
): Promise<void> {
  const { agentId } = invocation;
  const { tracker, dialect, agentReads } = facts.engine;
  if (agentId === undefined || invocation.agent !== undefined || dialect.agentPath === undefined) return;
  if (tracker.agents.get(agentId) === undefined) {
    // Several runs of an assistant may end at once.
    const read = agentReads.get(agentId) ?? get(dialect.agentPath(agentId));
    agentReads.set(agentId, read);
    await read.then(
      (value) => dialect.read(value, facts, {}),
      () => undefined,
    );
    agentReads.delete(agentId);
  }
  // What cannot be read is not asked for again.
  const agent = tracker.agents.get(agentId) ?? { id: agentId, name: undefined, model: undefined };
  tracker.agents.set(agentId, agent);
  introduceAgent(invocation, agent, {});
}
