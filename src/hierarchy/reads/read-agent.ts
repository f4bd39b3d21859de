import { keyAt } from '../conversations/conversation-keys.ts';
import type { FactSink, Get } from '../dialect.ts';
import type { EngineState } from '../engine-state.ts';
import { introduceAgent } from '../invocations/identify-invocation.ts';
import type { Invocation } from '../invocations/invocation.ts';

/** Tells an invocation its agent, which the program may have made elsewhere: it is read once for each id. */
export async function readAgentOf(
  invocation: Invocation,
  get: Get,
  facts: FactSink & { readonly engine: EngineState },
): Promise<void> {
  const { agentId } = invocation;
  const { tracker, dialect, agentReads } = facts.engine;
  if (agentId === undefined || invocation.agent !== undefined || dialect.agentPath === undefined) return;
  const { origin } = invocation.endpoint;
  if (tracker.agents.at(origin, agentId) === undefined) {
    const key = keyAt(origin, agentId);
    // Several runs of an assistant may end at once.
    const read = agentReads.get(key) ?? get(dialect.agentPath(agentId));
    agentReads.set(key, read);
    await read.then(
      (value) => dialect.read(value, facts),
      () => undefined,
    );
    agentReads.delete(key);
  }
  // What cannot be read is not asked for again.
  const agent = tracker.agents.at(origin, agentId) ?? { id: agentId, name: undefined, model: undefined };
  tracker.agents.keep(origin, agent);
  introduceAgent(invocation, agent, {});
}
