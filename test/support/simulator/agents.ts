import { page } from './pages.ts';
import { json, missing } from './reply.ts';
import { type Route, routeTable } from './router.ts';
import { type AgentBody, newAgent } from './session-objects.ts';
import type { World } from './world.ts';

/** Saved agents of the Agents API. */
export function agentRoutes(world: World): readonly Route[] {
  const path = '/agents/{agent_id}';
  return routeTable({
    'POST /agents': (call) => {
      const body = call.body as AgentBody | null;
      if (!body?.model) throw missing('model');
      const agent = newAgent(world.identifiers.next('agent_'), world.clock.now(), body);
      world.agents.set(agent.id, agent);
      return json(agent);
    },
    'GET /agents': (call) => json(page(world.agents.values(), call.query)),
    [`GET ${path}`]: (call) => json(world.agent(call.parameter('agent_id'))),
    [`POST ${path}`]: (call) => json(Object.assign(world.agent(call.parameter('agent_id')), call.body)),
    [`DELETE ${path}`]: (call) => {
      const { id } = world.agent(call.parameter('agent_id'));
      world.agents.delete(id);
      return json({ id, object: 'agent.deleted', deleted: true });
    },
  });
}
