import type OpenAI from 'openai';
import type { RunScript } from '../simulator/index.ts';
import { by, recall, type ScriptedConversation, type Surroundings, until } from './conversation.ts';

type Run = OpenAI.Beta.Threads.Run;

const RUNS: readonly RunScript[] = [
  {
    steps: [
      {
        tools: [
          { function: { name: 'get_weather', arguments: { city: 'Paris' } } },
          { function: { name: 'get_time', arguments: {} } },
        ],
        usage: { prompt: 100, completion: 20 },
      },
      { message: 'It is sunny, at noon.', usage: { prompt: 140, completion: 5 } },
    ],
  },
  {
    steps: [
      {
        tools: [
          { fileSearch: { results: [{ file_id: 'file-1', file_name: 'tariffs.pdf', score: 0.9 }] } },
          { codeInterpreter: { input: 'print(7 * 2)', logs: '14' } },
        ],
        usage: { prompt: 200, completion: 30 },
      },
      { message: 'Twice the tariff is 14.', usage: { prompt: 260, completion: 8 } },
    ],
  },
  {
    steps: [
      {
        tools: [{ function: { name: 'send_mail', arguments: { to: 'a' } } }],
        usage: { prompt: 300, completion: 15 },
      },
      { message: 'Sent.', usage: { prompt: 330, completion: 2 } },
    ],
  },
  {
    steps: [{ message: 'I', usage: { prompt: 350, completion: 1 } }],
    end: 'failed',
    lastError: { code: 'rate_limit_exceeded', message: 'Too much was said.' },
  },
  { steps: [{ message: 'Once upon a time', usage: { prompt: 370, completion: 4 } }] },
];

/** Over threads, messages, runs and run steps of the Assistants API. */
export const assistants: ScriptedConversation = {
  name: 'Assistants',
  script: (simulator) => simulator.script(...RUNS),
  async prepare({ client, memory }) {
    const assistant = await client.beta.assistants.create({ name: 'Helper', model: 'gpt-4o-mini' });
    memory.assistant = assistant.id;
  },
  steps: [
    by('creator', async ({ client, memory }) => {
      const thread = await client.beta.threads.create({
        messages: [{ role: 'user', content: 'How is the weather, and what time is it?' }],
      });
      memory.thread = thread.id;
    }),
    by('creator', createRun({})),
    by('poller', (program) => poll(program, 'requires_action')),
    by('status', (program) => retrieve(program)),
    by('answerer', answer),
    by('poller', (program) => poll(program, 'completed')),
    by('creator', hearOfTheEnd),

    by('creator', ask('What is twice the tariff?')),
    by('creator', createRun({ model: 'gpt-4o' })),
    by('poller', (program) => poll(program, 'completed')),
    by('creator', hearOfTheEnd),

    by('creator', async (program) => {
      const { client, memory } = program;
      const stream = client.beta.threads.runs.stream(recall(memory, 'thread'), {
        assistant_id: recall(memory, 'assistant'),
        additional_messages: [{ role: 'user', content: 'Mail it to a.' }],
      });
      memory.run = (await stream.finalRun()).id;
    }),
    by('answerer', async (program) => {
      const { client, memory } = program;
      const stream = client.beta.threads.runs.submitToolOutputsStream(recall(memory, 'run'), {
        thread_id: recall(memory, 'thread'),
        tool_outputs: outputsFor(await retrieve(program)),
      });
      await stream.finalRun();
    }),
    by('creator', hearOfTheEnd),

    by('creator', ask('Say it all again.')),
    by('creator', createRun({})),
    by('poller', (program) => poll(program, 'failed')),
    by('creator', hearOfTheEnd),

    by('creator', ask('Tell me a story.')),
    by('creator', createRun({})),
    by('poller', async (program) => {
      await retrieve(program);
      await retrieve(program);
    }),
    by('status', ({ client, memory }) =>
      client.beta.threads.runs.cancel(recall(memory, 'run'), { thread_id: recall(memory, 'thread') }),
    ),
    by('poller', (program) => poll(program, 'cancelled')),
    by('creator', hearOfTheEnd),
    by('status', ({ client, memory }) => client.beta.threads.messages.list(recall(memory, 'thread'))),
  ],
};

function ask(content: string): (surroundings: Surroundings) => Promise<unknown> {
  return ({ client, memory }) =>
    client.beta.threads.messages.create(recall(memory, 'thread'), { role: 'user', content });
}

function createRun(parameters: { model?: string }): (surroundings: Surroundings) => Promise<unknown> {
  return async ({ client, memory }) => {
    const run = await client.beta.threads.runs.create(recall(memory, 'thread'), {
      assistant_id: recall(memory, 'assistant'),
      ...parameters,
    });
    memory.run = run.id;
  };
}

function retrieve({ client, memory }: Surroundings): Promise<Run> {
  return client.beta.threads.runs.retrieve(recall(memory, 'run'), { thread_id: recall(memory, 'thread') });
}

function poll(program: Surroundings, status: Run['status']): Promise<Run> {
  return until(
    () => retrieve(program),
    (run) => run.status === status,
  );
}

/** The creator is told that its run is over, and looks at it to tell its user. */
async function hearOfTheEnd(program: Surroundings): Promise<void> {
  if (program.apart) await retrieve(program);
}

async function answer(program: Surroundings): Promise<void> {
  const { client, memory } = program;
  await client.beta.threads.runs.submitToolOutputs(recall(memory, 'run'), {
    thread_id: recall(memory, 'thread'),
    tool_outputs: outputsFor(await retrieve(program)),
  });
}

function outputsFor({ required_action }: Run): { tool_call_id: string; output: string }[] {
  const calls = required_action?.submit_tool_outputs.tool_calls ?? [];
  return calls.map(({ id }) => ({ tool_call_id: id, output: 'done' }));
}
