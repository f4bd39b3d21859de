import type OpenAI from 'openai';
import { expect, test } from 'vitest';
import { recordApiUsage } from '../support/api-usage.ts';
import { askStreaming } from '../support/ask.ts';
import { usageSum } from '../support/lanes/usage.ts';
import { startProgram } from '../support/program.ts';
import { actionsOf, type Tutor } from '../support/tutor.ts';

const INPUT = { model: 'gpt-4o', input: 'Hello there' };
const HIDDEN = { streamUsage: 'include' } as const;

async function startThread(client: OpenAI): Promise<Pick<Tutor, 'run' | 'stream' | 'threadId'>> {
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o-mini' });
  const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: 'What is x?' }] });
  return actionsOf(client, assistant.id, thread.id);
}

async function pollRun(client: OpenAI): Promise<void> {
  const { run, threadId } = await startThread(client);
  const { id } = await run();
  await client.beta.threads.runs.steps.list(id, { thread_id: threadId });
  await client.beta.threads.runs.retrieve(id, { thread_id: threadId });
}

test.each<[string, object, (client: OpenAI) => Promise<unknown>]>([
  [
    'a streamed chat completion whose usage the program does not see',
    HIDDEN,
    (client) => askStreaming(client),
  ],
  [
    'a streamed chat completion read by a helper',
    HIDDEN,
    ({ chat }) =>
      chat.completions
        .stream({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] })
        .finalChatCompletion(),
  ],
  [
    'a response that is fetched again',
    {},
    async ({ responses }) => {
      const { id } = await responses.create(INPUT);
      await responses.retrieve(id);
      await responses.retrieve(id);
    },
  ],
  [
    'responses that go on from each other in a conversation',
    {},
    async ({ conversations, responses }) => {
      const { id: conversation } = await conversations.create();
      await responses.create({ ...INPUT, conversation });
      await responses.stream({ ...INPUT, conversation }).finalResponse();
    },
  ],
  [
    'a background response that is polled',
    {},
    async ({ responses }) => {
      let response = await responses.create({ ...INPUT, background: true });
      while (response.status === 'queued' || response.status === 'in_progress')
        response = await responses.retrieve(response.id);
    },
  ],
  ...['off', 'observe', 'fetch'].flatMap((runSteps): [string, object, typeof pollRun][] => [
    [`a polled run and its steps, runSteps: ${runSteps}`, { runSteps }, pollRun],
    [
      `a streamed run, runSteps: ${runSteps}`,
      { runSteps },
      async (client) => void (await (await startThread(client)).stream()),
    ],
  ]),
])('each token is recorded once: %s', async (_, config, run) => {
  const apiUsage = recordApiUsage();
  const program = await startProgram({ client: { fetch: apiUsage.fetch }, config, runs: [{}] });
  await program.inSpan(() => run(program.client));
  await program.telemetry.provider.shutdown();
  const spent = await apiUsage.total();
  expect(spent.input_tokens).toBeGreaterThan(0);
  expect(usageSum(program.telemetry.spans)).toEqual(spent);
});
