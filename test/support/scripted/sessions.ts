import type OpenAI from 'openai';
import type { TurnScript } from '../simulator/index.ts';
import { by, recall, type ScriptedConversation, type Surroundings, until } from './conversation.ts';

type Session = OpenAI.Beta.Agents.AgentSession;

const TURNS: readonly TurnScript[] = [
  {
    items: [
      {
        functions: [
          { name: 'get_weather', arguments: { city: 'Paris' } },
          { name: 'get_time', arguments: {} },
        ],
      },
      { message: 'It is sunny, at noon.' },
    ],
    usage: { prompt: 240, completion: 25 },
  },
  {
    items: [
      { webSearch: { query: 'tariff' } },
      { command: { command: 'expr 7 \\* 2', output: '14' } },
      { message: 'Twice the tariff is 14.' },
    ],
    usage: { prompt: 460, completion: 38 },
  },
  {
    items: [{ functions: [{ name: 'send_mail', arguments: { to: 'a' } }] }, { message: 'Sent.' }],
    usage: { prompt: 630, completion: 17 },
  },
  {
    end: 'failed',
    error: { code: 'rate_limit_exceeded', message: 'Too much was said.' },
    usage: { prompt: 350, completion: 1 },
  },
  { items: [{ functions: [{ name: 'tell', arguments: {} }] }], usage: { prompt: 370, completion: 4 } },
];

/** Over sessions, turns and items of the Agents API. */
export const sessions: ScriptedConversation = {
  name: 'Agents',
  script: (simulator) => simulator.turn(...TURNS),
  async prepare({ client, memory }) {
    memory.agent = (await client.beta.agents.create({ name: 'Helper', model: 'gpt-5' })).id;
  },
  steps: [
    by('creator', async ({ client, memory }) => {
      const session = await client.beta.agents.sessions.create({
        agent_id: recall(memory, 'agent'),
        environment: { type: 'none' },
      });
      memory.session = session.id;
    }),
    by('creator', send('How is the weather, and what time is it?')),
    by('poller', (program) => poll(program, 'requires_action')),
    by('status', retrieve),
    by('answerer', answer),
    by('poller', (program) => poll(program, 'idle')),
    by('creator', hearOfTheEnd),

    by('creator', send('What is twice the tariff?')),
    by('poller', (program) => poll(program, 'idle')),
    by('creator', hearOfTheEnd),

    by('creator', send('Mail it to a.')),
    by('poller', (program) => poll(program, 'requires_action')),
    by('answerer', answer),
    by('poller', (program) => poll(program, 'idle')),
    by('creator', hearOfTheEnd),

    by('creator', send('Say it all again.')),
    by('poller', (program) => poll(program, 'idle')),
    by('creator', hearOfTheEnd),

    by('creator', send('Tell me a story.')),
    by('poller', (program) => poll(program, 'requires_action')),
    by('status', ({ client, memory }) =>
      client.beta.agents.sessions.events.create(recall(memory, 'session'), {
        events: [{ type: 'agent.session.input.cancel' }],
      }),
    ),
    by('poller', (program) => poll(program, 'idle')),
    by('creator', hearOfTheEnd),
    by('status', ({ client, memory }) => client.beta.agents.sessions.turns.list(recall(memory, 'session'))),
  ],
};

function send(text: string): (program: Surroundings) => Promise<unknown> {
  return ({ client, memory }) =>
    client.beta.agents.sessions.events.create(recall(memory, 'session'), {
      events: [
        {
          type: 'agent.session.input.message',
          input: [{ role: 'user', content: [{ type: 'input_text', text }] }],
        },
      ],
    });
}

function retrieve({ client, memory }: Surroundings): Promise<Session> {
  return client.beta.agents.sessions.retrieve(recall(memory, 'session'));
}

function poll(program: Surroundings, status: Session['status']): Promise<Session> {
  return until(
    () => retrieve(program),
    (session) => session.status === status,
  );
}

/** The creator is told that its turn is over, and looks at the session to tell its user. */
async function hearOfTheEnd(program: Surroundings): Promise<void> {
  if (program.apart) await retrieve(program);
}

async function answer(program: Surroundings): Promise<void> {
  const { required_actions } = await retrieve(program);
  for (const action of required_actions) {
    if (action.type !== 'function_call') continue;
    const { turn_id, call_id } = action;
    const result = { turn_id, call_id, success: true, output: 'done' };
    await program.client.beta.agents.sessions.events.create(recall(program.memory, 'session'), {
      events: [{ type: 'agent.session.input.tool_result', ...result }],
    });
  }
}
