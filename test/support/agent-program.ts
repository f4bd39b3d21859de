import type OpenAI from 'openai';
import type { AgentSession } from 'openai/resources/beta/agents/agents';
import type { EventCreateParams } from 'openai/resources/beta/agents/sessions/events';
import type { SessionCreateParamsStreaming } from 'openai/resources/beta/agents/sessions/sessions';
import { type Program, startProgram } from './program.ts';
import type { SessionOptions } from './session.ts';
import type { TurnScript } from './simulator/index.ts';
import { treesFromNow } from './tutor.ts';

/** What sessions run in, where their agent needs no machine. */
export const environment: { readonly type: 'none' } = { type: 'none' };

export interface AgentProgram extends Program {
  readonly agentId: string;
  /** Creates a session, whose first turn has this input. */
  create(input?: string): Promise<AgentSession>;
  /** Creates a session as a stream, reads that to its end, and gives the id of the session. */
  converse(input?: string, more?: Partial<SessionCreateParamsStreaming>): Promise<string>;
  /** Reads the stream of another turn to its end. */
  stream(sessionId: string, input: string): Promise<void>;
  /** Follows the events of a session until it is idle. */
  follow(sessionId: string): Promise<void>;
  /** Retrieves a session until it has this status. */
  poll(sessionId: string, status?: AgentSession['status']): Promise<AgentSession>;
  /** Sends a message, which is not awaited. */
  send(sessionId: string, text: string): Promise<void>;
  /** Sends the results of the functions that a session waits for. */
  answer(session: AgentSession, succeeds?: (name: string) => boolean): Promise<void>;
}

/** A message of the user, as an event of a session. */
export function messageEvent(text: string): EventCreateParams['events'][number] {
  const content = [{ type: 'input_text' as const, text }];
  return { type: 'agent.session.input.message', input: [{ role: 'user', content }] };
}

/** Follows the events of a session, which any process can do, until it is idle. */
export async function follow(client: OpenAI, sessionId: string): Promise<void> {
  for await (const { type } of await client.beta.agents.sessions.events.stream(sessionId))
    if (type === 'agent.session.idle') break;
}

/** A program with a saved agent; its trees begin after that, and leave out what it only reads. */
export async function startAgentProgram(
  turns: readonly TurnScript[],
  options: SessionOptions = {},
): Promise<AgentProgram> {
  const program = await startProgram(options);
  program.simulator.turn(...turns);
  const agent = await program.client.beta.agents.create({ name: 'Helper', model: 'gpt-5' });
  const expectTree = treesFromNow(program.telemetry, (name) => !name.startsWith('GET '));
  const { sessions } = program.client.beta.agents;
  const asked = { agent_id: agent.id, environment };
  return {
    ...program,
    agentId: agent.id,
    create: async (input) => sessions.create({ ...asked, ...(input !== undefined && { input }) }),
    async converse(input = 'What is x?', more = {}) {
      let id = '';
      for await (const event of await sessions.create({ ...asked, input, ...more, stream: true }))
        if (event.type === 'agent.session.created') id = event.session.id;
      return id;
    },
    async stream(sessionId, input) {
      for await (const _ of sessions.stream(sessionId, { input }));
    },
    follow: (sessionId) => follow(program.client, sessionId),
    async poll(sessionId, status = 'idle') {
      let session = await sessions.retrieve(sessionId);
      while (session.status !== status) session = await sessions.retrieve(sessionId);
      return session;
    },
    async send(sessionId, text) {
      await sessions.events.create(sessionId, { events: [messageEvent(text)] });
    },
    async answer({ id, required_actions }, succeeds = () => true) {
      for (const action of required_actions) {
        if (action.type !== 'function_call') continue;
        const { turn_id, call_id, name } = action;
        const result = { turn_id, call_id, success: succeeds(name), output: 'fine' };
        await sessions.events.create(id, {
          events: [{ type: 'agent.session.input.tool_result', ...result }],
        });
      }
    },
    expectTree,
  };
}
