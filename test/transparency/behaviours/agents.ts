import type { Answer } from '../../support/simulator/index.ts';
import { type Behaviour, times } from '../behaviour.ts';

const SESSION = {
  id: 'session_1',
  object: 'agent.session',
  status: 'idle',
  agent: { id: 'agent_1', name: 'Weather Bot', model: 'gpt-4o' },
  created_at: 1_700_000_000,
  error: null,
  usage: null,
};

const TURN = {
  id: 'turn_1',
  object: 'agent.session.turn',
  session_id: 'session_1',
  agent_id: 'agent_1',
  subagent_id: null,
  status: 'in_progress',
  created_at: 1_700_000_000,
  started_at: 1_700_000_000,
  completed_at: null,
  error: null,
  usage: null,
};

const FAILED_TURN = {
  ...TURN,
  status: 'failed',
  completed_at: 1_700_000_001,
  error: { code: 'server_error', message: 'Failed' },
};

/** Where an event of a turn belongs. */
const PLACE = { session_id: 'session_1', turn_id: 'turn_1' };

const FUNCTION_CALL = {
  id: 'item_1',
  type: 'function_call',
  call_id: 'call_1',
  name: 'get_weather',
  arguments: '{}',
  status: 'in_progress',
  ...PLACE,
};

/** One turn that calls a function and fails; an event with an `error` is handed to the program like all others. */
const SESSION_EVENTS: NonNullable<Answer['sse']> = [
  { type: 'agent.session.created', session: SESSION, error: null },
  { type: 'agent.session.turn.created', ...PLACE, turn: TURN },
  { type: 'agent.session.turn.item.added', ...PLACE, item: FUNCTION_CALL },
  { type: 'agent.session.turn.failed', ...PLACE, turn: FAILED_TURN, error: { code: 'x', message: 'Failed' } },
  { type: 'agent.session.idle', session_id: 'session_1', session: SESSION },
].map((event, index) => ({ data: { event_id: `event_${index}`, ...event } }));

/** Agents, which openai has since version 7. */
export const AGENTS: readonly Behaviour[] = [
  {
    name: 'agent-session-created-streamed',
    title: '`agents.sessions.create`, streamed',
    answers: [{ sse: SESSION_EVENTS }],
    spans: ['POST /agents/sessions  openai.stream.end=completed'],
  },
  {
    name: 'agent-session-events',
    title: '`agents.sessions.events.stream`, with an error that is no exception',
    answers: [{ sse: SESSION_EVENTS }],
    spans: ['GET /agents/sessions/{session_id}/events  openai.stream.end=completed'],
  },
  {
    name: 'agent-session-stream-helper',
    title: '`agents.sessions.stream`',
    answers: [
      { when: { method: 'GET', path: '/agents/sessions/session_1' }, body: SESSION },
      { when: { method: 'GET', path: '/agents/sessions/session_1/events' }, sse: SESSION_EVENTS },
      ...times(2, {
        when: { method: 'POST', path: '/agents/sessions/session_1/events' },
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
