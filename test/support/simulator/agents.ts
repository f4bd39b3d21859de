import { page } from './pages.ts';
import { json, missing } from './reply.ts';
import type { Route } from './router.ts';
import { type AgentBody, newAgent } from './session-objects.ts';
import type { World } from './world.ts';

/** Saved agents of the Agents API. */
export function agentRoutes(world: World): readonly Route[] {
  const path = '/agents/{agent_id}';
  return [
    {
      method: 'POST',
      path: '/agents',
      answer: (call) => {
        const body = call.body as AgentBody | null;
        if (!body?.model) throw missing('model');
        const agent = newAgent(world.identifiers.next('agent_'), world.clock.now(), body);
        world.agents.set(agent.id, agent);
        return json(agent);
      },
    },
    { method: 'GET', path: '/agents', answer: (call) => json(page(world.agents.values(), call.query)) },
    { method: 'GET', path, answer: (call) => json(world.agent(call.parameter('agent_id'))) },
    {
      method: 'POST',
      path,
      answer: (call) => json(Object.assign(world.agent(call.parameter('agent_id')), call.body)),
    },
    {
      method: 'DELETE',
      path,
      answer: (call) => {
        const { id } = world.agent(call.parameter('agent_id'));
        world.agents.delete(id);
        return json({ id, object: 'agent.deleted', deleted: true });
      },
    },
  ];
}
