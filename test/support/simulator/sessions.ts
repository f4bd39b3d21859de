import { hostedTrace } from './hosted-trace.ts';
import { LiveEvents } from './live-events.ts';
import { LiveSession } from './live-session.ts';
import { page } from './pages.ts';
import { eventStream, json, missing, notFound, type Reply } from './reply.ts';
import { type Call, type Route, routeTable } from './router.ts';
import { type InputEvent, newSession, type SessionBody } from './session-objects.ts';
import type { World } from './world.ts';

/** Sessions of the Agents API. What a turn does is in its script; see `session-script.ts`. */
export function sessionRoutes(world: World): readonly Route[] {
  const session = (call: Call): LiveSession => world.session(call.parameter('session_id'));
  const path = '/agents/sessions/{session_id}';
  const subagent = `${path}/subagents/{subagent_id}`;
  return routeTable({
    'POST /agents/sessions': (call) => create(world, call),
    [`GET ${path}`]: (call) => json(polled(session(call)).object),
    [`POST ${path}`]: (call) => json(Object.assign(session(call).object, call.body)),
    [`DELETE ${path}`]: (call) => remove(world, call),
    [`POST ${path}/events`]: (call) => submit(session(call), call),
    [`GET ${path}/events`]: (call) => stream(session(call)),
    [`GET ${path}/items`]: (call) => json(page(session(call).itemsOf(null), call.query)),
    [`GET ${path}/traces`]: (call) => json(page(tracesOf(session(call)), call.query)),
    [`GET ${path}/turns`]: (call) => turns(polled(session(call)), call, null),
    [`GET ${path}/turns/{turn_id}`]: (call) => turn(polled(session(call)), call),
    [`GET ${path}/turns/{turn_id}/items`]: (call) => items(session(call), call),
    [`GET ${path}/subagents`]: (call) => json(page(session(call).subagents, call.query)),
    [`GET ${subagent}/turns`]: (call) => turns(session(call), call, call.parameter('subagent_id')),
    [`GET ${subagent}/turns/{turn_id}`]: (call) => turn(session(call), call),
    [`GET ${subagent}/turns/{turn_id}/items`]: (call) => items(session(call), call),
  });
}

function create(world: World, call: Call): Reply {
  const body = call.body as SessionBody | null;
  if (body?.environment === undefined) throw missing('environment');
  const saved = body.agent_id === undefined ? undefined : world.agent(body.agent_id);
  if (saved === undefined && !body.agent?.model) throw missing('agent.model');
  const id = world.identifiers.next('sess_');
  const agentId = saved?.id ?? world.identifiers.next('agent_');
  const session = new LiveSession(world, newSession(id, world.clock.now(), body, saved, agentId));
  world.sessions.set(id, session);
  const begin = (): void => {
    if (body.input !== undefined && body.input !== null && body.input.length > 0) session.start();
  };
  if (body.stream !== true) {
    begin();
    return json(session.object);
  }
  const events = new LiveEvents({ untilIdle: true });
  session.listen(events);
  session.tell('agent.session.created', { session: session.object });
  begin();
  return { ...eventStream([]), live: events };
}

function stream(session: LiveSession): Reply {
  const events = new LiveEvents();
  session.listen(events);
  return { ...eventStream([]), live: events };
}

function submit(session: LiveSession, call: Call): Reply {
  session.submit((call.body as { events: readonly InputEvent[] }).events);
  return { status: 202, headers: {}, chunks: [] };
}

function remove(world: World, call: Call): Reply {
  const { object } = world.session(call.parameter('session_id'));
  world.sessions.delete(object.id);
  return json({ id: object.id, object: 'agent.session.deleted', deleted: true });
}

function polled(session: LiveSession): LiveSession {
  session.poll();
  return session;
}

/** The traces of root turns. A turn that is in progress has none yet. */
function tracesOf(session: LiveSession): { readonly id: string }[] {
  return session
    .ownTurns(null)
    .filter(({ object }) => object.completed_at !== null)
    .flatMap(({ object, script: { hosted } }) => (hosted === undefined ? [] : hostedTrace(object, hosted)));
}

function turns(session: LiveSession, call: Call, subagentId: string | null): Reply {
  return json(
    page(
      session.ownTurns(subagentId).map(({ object }) => object),
      call.query,
    ),
  );
}

function turn(session: LiveSession, call: Call): Reply {
  const id = call.parameter('turn_id');
  const found = session.turns.find(({ object }) => object.id === id);
  if (found === undefined) throw notFound('turn', id);
  return json(found.object);
}

function items(session: LiveSession, call: Call): Reply {
  const id = call.parameter('turn_id');
  const found = session.turns.find(({ object }) => object.id === id);
  if (found === undefined) throw notFound('turn', id);
  return json(page(found.items, call.query));
}
