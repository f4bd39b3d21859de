import type OpenAI from 'openai';
import type { ResponseScript } from '../simulator/index.ts';
import {
  by,
  type Memory,
  recall,
  type ScriptedConversation,
  type Surroundings,
  until,
} from './conversation.ts';

type Response = OpenAI.Responses.Response;

const RESPONSES: readonly ResponseScript[] = [
  {
    output: [
      { function: { name: 'get_weather', arguments: { city: 'Paris' } } },
      { function: { name: 'get_time', arguments: {} } },
    ],
    usage: { prompt: 100, completion: 20 },
  },
  { output: [{ message: 'It is sunny, at noon.' }], usage: { prompt: 140, completion: 5 } },
  {
    output: [
      { fileSearch: { queries: ['tariff'] } },
      { codeInterpreter: { code: 'print(7 * 2)', logs: '14' } },
      { message: 'Twice the tariff is 14.' },
    ],
    usage: { prompt: 460, completion: 38 },
  },
  {
    output: [{ function: { name: 'send_mail', arguments: { to: 'a' } } }],
    usage: { prompt: 300, completion: 15 },
  },
  { output: [{ message: 'Sent.' }], usage: { prompt: 330, completion: 2 } },
  { end: 'failed', error: { code: 'rate_limit_exceeded', message: 'Too much was said.' } },
  { output: [{ message: 'Once upon a time' }] },
];

/** Over conversations and responses, in the foreground, the background and as streams. */
export const responses: ScriptedConversation = {
  name: 'Responses and Conversations',
  script: (simulator) => simulator.respond(...RESPONSES),
  prepare: () => Promise.resolve(),
  steps: [
    by('creator', async ({ client, memory }) => {
      memory.conversation = (await client.conversations.create()).id;
    }),
    by('creator', ask('How is the weather, and what time is it?')),
    by('answerer', async (program) => {
      const input = await outputsFor(program);
      await create(program, { input });
    }),

    by('creator', ask('What is twice the tariff?', { model: 'gpt-4o', background: true })),
    by('poller', (program) => poll(program, 'completed')),
    by('creator', hearOfTheEnd),

    by('creator', async ({ client, memory }) => {
      const body = bodyOf(memory, { input: 'Mail it to a.' });
      memory.response = (await client.responses.stream(body).finalResponse()).id;
    }),
    by('answerer', async (program) => {
      const body = bodyOf(program.memory, { input: await outputsFor(program) });
      await program.client.responses.stream(body).finalResponse();
    }),

    by('creator', ask('Say it all again.')),

    by('creator', ask('Tell me a story.', { background: true })),
    by('poller', retrieve),
    by('status', ({ client, memory }) => client.responses.cancel(recall(memory, 'response'))),
    by('creator', hearOfTheEnd),
    by('status', ({ client, memory }) => client.conversations.items.list(recall(memory, 'conversation'))),
  ],
};

interface Asked {
  readonly input: OpenAI.Responses.ResponseCreateParams['input'];
  readonly model?: string;
  readonly background?: boolean;
}

function bodyOf(memory: Memory, { input, model = 'gpt-4o-mini', background = false }: Asked) {
  return { conversation: recall(memory, 'conversation'), model, input: input ?? '', background };
}

async function create({ client, memory }: Surroundings, asked: Asked): Promise<void> {
  memory.response = (await client.responses.create(bodyOf(memory, asked))).id;
}

function ask(input: string, parameters: Omit<Asked, 'input'> = {}): (program: Surroundings) => Promise<void> {
  return (program) => create(program, { input, ...parameters });
}

function retrieve({ client, memory }: Surroundings): Promise<Response> {
  return client.responses.retrieve(recall(memory, 'response'));
}

function poll(program: Surroundings, status: Response['status']): Promise<Response> {
  return until(
    () => retrieve(program),
    (response) => response.status === status,
  );
}

/** The creator is told that its response is over, and looks at it to tell its user. */
async function hearOfTheEnd(program: Surroundings): Promise<void> {
  if (program.apart) await retrieve(program);
}

/** What the program has to answer stands in the response that asked. */
async function outputsFor(program: Surroundings): Promise<OpenAI.Responses.ResponseInput> {
  const { output } = await retrieve(program);
  return output
    .filter((item) => item.type === 'function_call')
    .map(({ call_id }) => ({ type: 'function_call_output', call_id, output: 'done' }));
}
