import type { Answer } from '../../support/simulator/index.ts';
import { type Behaviour, times } from '../behaviour.ts';

/** Programs share a process: each has a session of its own. */
function session(number: number): object {
  return {
    id: `session_${number}`,
    object: 'agent.session',
    status: 'idle',
    agent: { id: 'agent_1', name: 'Weather Bot', model: 'gpt-4o' },
    created_at: 1_700_000_000,
    error: null,
    usage: null,
  };
}

/** One turn that calls a function and fails; an event with an `error` is handed to the program like all others. */
function sessionEvents(number: number): NonNullable<Answer['sse']> {
  const place = { session_id: `session_${number}`, turn_id: `turn_${number}` };
  const turn = {
    id: place.turn_id,
    object: 'agent.session.turn',
    session_id: place.session_id,
    agent_id: 'agent_1',
    subagent_id: null,
    status: 'in_progress',
    created_at: 1_700_000_000,
    started_at: 1_700_000_000,
    completed_at: null,
    error: null,
    usage: null,
  };
  const failed = {
    ...turn,
    status: 'failed',
    completed_at: 1_700_000_001,
    error: { code: 'server_error', message: 'Failed' },
  };
  const item = {
    id: `item_${number}`,
    type: 'function_call',
    call_id: `call_${number}`,
    name: 'get_weather',
    arguments: '{}',
    status: 'in_progress',
    ...place,
  };
  return [
    { type: 'agent.session.created', session: session(number), error: null },
    { type: 'agent.session.turn.created', ...place, turn },
    { type: 'agent.session.turn.item.added', ...place, item },
    { type: 'agent.session.turn.failed', ...place, turn: failed, error: { code: 'x', message: 'Failed' } },
    { type: 'agent.session.idle', session_id: place.session_id, session: session(number) },
  ].map((event, index) => ({ data: { event_id: `event_${number}_${index}`, ...event } }));
}

/** Agents, which openai has since version 7. */
export const AGENTS: readonly Behaviour[] = [
  {
    name: 'agent-session-created-streamed',
    title: '`agents.sessions.create`, streamed',
    answers: [{ sse: sessionEvents(1) }],
    spans: [
      `
      session
      └─ invoke_agent Weather Bot  !server_error openai.stream.end=completed openai.run.status=failed
         └─ execute_tool get_weather
      `,
    ],
  },
  {
    name: 'agent-session-events',
    title: '`agents.sessions.events.stream`, with an error event that is not an exception',
    answers: [{ sse: sessionEvents(2) }],
    spans: ['GET /agents/sessions/{session_id}/events  openai.stream.end=completed'],
  },
  {
    name: 'agent-session-stream-helper',
    title: '`agents.sessions.stream`',
    answers: [
      { when: { method: 'GET', path: '/agents/sessions/session_3' }, body: session(3) },
      { when: { method: 'GET', path: '/agents/sessions/session_3/events' }, sse: sessionEvents(3) },
      ...times(2, {
        when: { method: 'POST', path: '/agents/sessions/session_3/events' },
        status: 202,
        body: {},
      }),
    ],
    spans: [
      'GET /agents/sessions/{session_id}',
      'GET /agents/sessions/{session_id}/events  openai.stream.end=aborted',
      `
      session
      └─ invoke_agent Weather Bot  !server_error openai.run.status=failed
         └─ execute_tool get_weather
      `,
    ],
  },
];
