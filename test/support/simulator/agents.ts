import { json, missing } from './reply.ts';
import { type Route, routeTable } from './router.ts';
import { type AgentBody, newAgent } from './session-objects.ts';
import type { World } from './world.ts';

/** Saved agents of the Agents API. */
export function agentRoutes(world: World): readonly Route[] {
  return routeTable({
    'POST /agents': (call) => {
      const body = call.body as AgentBody | null;
      if (!body?.model) throw missing('model');
      const agent = newAgent(world.identifiers.next('agent_'), world.clock.now(), body);
      world.agents.set(agent.id, agent);
      return json(agent);
    },
  });
}
