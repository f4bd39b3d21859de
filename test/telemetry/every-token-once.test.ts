import type OpenAI from 'openai';
import { expect, test } from 'vitest';
import { recordApiUsage } from '../support/api-usage.ts';
import { usageSum } from '../support/lanes/usage.ts';
import { type ProgramOptions, startProgram } from '../support/program.ts';

const ASKED = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'Hello there' }] };
const INPUT = { model: 'gpt-4o', input: 'Hello there' };

interface Case extends Pick<ProgramOptions, 'config' | 'runs'> {
  readonly name: string;
  readonly run: (client: OpenAI) => Promise<unknown>;
}

const CASES: readonly Case[] = [
  { name: 'a chat completion', run: (client) => client.chat.completions.create(ASKED) },
  {
    name: 'a streamed chat completion with usage',
    run: async (client) =>
      drain(
        await client.chat.completions.create({
          ...ASKED,
          stream: true,
          stream_options: { include_usage: true },
        }),
      ),
  },
  {
    name: 'a streamed chat completion whose usage the program does not see',
    config: { streamUsage: 'include' },
    run: async (client) => drain(await client.chat.completions.create({ ...ASKED, stream: true })),
  },
  {
    name: 'a streamed chat completion read by a helper',
    config: { streamUsage: 'include' },
    run: (client) => client.chat.completions.stream(ASKED).finalChatCompletion(),
  },
  {
    name: 'a completion',
    run: (client) => client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'Hello' }),
  },
  {
    name: 'embeddings',
    run: (client) => client.embeddings.create({ model: 'text-embedding-3-small', input: 'Hello' }),
  },
  {
    name: 'a response that is fetched again',
    run: async (client) => {
      const { id } = await client.responses.create(INPUT);
      await client.responses.retrieve(id);
      await client.responses.retrieve(id);
    },
  },
  {
    name: 'a streamed response',
    run: async (client) => drain(await client.responses.create({ ...INPUT, stream: true })),
  },
  {
    name: 'responses that go on from each other in a conversation',
    run: async (client) => {
      const conversation = await client.conversations.create();
      await client.responses.create({ ...INPUT, conversation: conversation.id });
      await client.responses.stream({ ...INPUT, conversation: conversation.id }).finalResponse();
    },
  },
  {
    name: 'a background response that is polled',
    run: async (client) => {
      let response = await client.responses.create({ ...INPUT, background: true });
      while (response.status === 'queued' || response.status === 'in_progress')
        response = await client.responses.retrieve(response.id);
    },
  },
  ...(['off', 'observe', 'fetch'] as const).flatMap((runSteps): Case[] => [
    {
      name: `a polled run and its steps, runSteps: ${runSteps}`,
      config: { runSteps },
      runs: [{}],
      run: async (client) => {
        const { thread, assistant } = await startThread(client);
        const run = await client.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
        await client.beta.threads.runs.steps.list(run.id, { thread_id: thread.id });
        await client.beta.threads.runs.retrieve(run.id, { thread_id: thread.id });
      },
    },
    {
      name: `a streamed run, runSteps: ${runSteps}`,
      config: { runSteps },
      runs: [{}],
      run: async (client) => {
        const { thread, assistant } = await startThread(client);
        await client.beta.threads.runs.stream(thread.id, { assistant_id: assistant.id }).finalRun();
      },
    },
  ]),
];

test.each(CASES)('$name', async ({ run, config, runs }) => {
  const apiUsage = recordApiUsage();
  const program = await startProgram({
    client: { fetch: apiUsage.fetch },
    ...(config === undefined ? {} : { config }),
    ...(runs === undefined ? {} : { runs }),
  });
  await program.inSpan(() => run(program.client));
  await program.telemetry.provider.shutdown();
  const spent = await apiUsage.total();
  expect(spent.input_tokens).toBeGreaterThan(0);
  expect(usageSum(program.telemetry.spans)).toEqual(spent);
});

async function startThread(client: OpenAI): Promise<{ thread: { id: string }; assistant: { id: string } }> {
  return {
    assistant: await client.beta.assistants.create({ model: 'gpt-4o-mini', name: 'Math Tutor' }),
    thread: await client.beta.threads.create({ messages: [{ role: 'user', content: 'What is x?' }] }),
  };
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
