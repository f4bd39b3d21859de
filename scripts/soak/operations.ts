import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Span } from '@opentelemetry/api';
import type OpenAI from 'openai';
import { withConversation } from '../../src/client.ts';

/** An operation of the program. It may fail, because the API sometimes fails. */
export interface SoakOperation {
  readonly name: string;
  readonly weight: number;
  run(client: OpenAI, round: number): Promise<unknown>;
}

const QUESTION = [{ role: 'user' as const, content: 'What is x, where 3x + 11 = 14?' }];
const CHAT = { model: 'gpt-4o-mini', messages: QUESTION };
const ENVIRONMENT = { type: 'none' as const };
const FUNCTION = {
  name: 'look_up',
  description: 'Looks up.',
  parameters: { type: 'object', properties: {} },
};

export const OPERATIONS: readonly SoakOperation[] = [
  { name: 'chat', weight: 25, run: (client) => client.chat.completions.create(CHAT) },
  {
    name: 'chat, retried',
    weight: 5,
    run: (client) => client.withOptions({ maxRetries: 2 }).chat.completions.create(CHAT),
  },
  {
    name: 'chat, raw response',
    weight: 3,
    run: async (client) => (await client.chat.completions.create(CHAT).asResponse()).text(),
  },
  { name: 'chat, aborted', weight: 3, run: aborted },
  {
    name: 'stream, read',
    weight: 14,
    run: async (client) => drain(await client.chat.completions.create({ ...CHAT, stream: true })),
  },
  { name: 'stream, left early', weight: 4, run: leftEarly },
  { name: 'stream, aborted', weight: 3, run: abortedStream },
  {
    name: 'stream, never read',
    weight: 1,
    run: (client) => client.chat.completions.create({ ...CHAT, stream: true }),
  },
  { name: 'stream helper', weight: 3, run: (client) => client.chat.completions.stream(CHAT).finalContent() },
  { name: 'functions that run', weight: 3, run: runTools },
  {
    name: 'a history of its own',
    weight: 3,
    run: (client, round) => withConversation(`history ${round}`, () => client.chat.completions.create(CHAT)),
  },
  {
    name: 'embeddings',
    weight: 4,
    run: (client) =>
      client.embeddings.create({ model: 'text-embedding-3-small', input: ['x'], dimensions: 8 }),
  },
  {
    name: 'response',
    weight: 8,
    run: (client) => client.responses.create({ model: 'gpt-4o', input: 'What is x?' }),
  },
  {
    name: 'response, streamed',
    weight: 4,
    run: async (client) =>
      drain(await client.responses.create({ model: 'gpt-4o', input: 'What is x?', stream: true })),
  },
  { name: 'response in a conversation', weight: 2, run: conversation },
  { name: 'background response', weight: 2, run: background },
  {
    name: 'background response, never asked about',
    weight: 1,
    run: (client) => client.responses.create({ model: 'gpt-4o', input: 'x', background: true }),
  },
  { name: 'run, polled', weight: 4, run: polledRun },
  { name: 'run, streamed', weight: 3, run: streamedRun },
  { name: 'run, never finished', weight: 1, run: unfinishedRun },
  { name: 'session of an agent', weight: 2, run: session },
  { name: 'an endpoint that is no operation', weight: 2, run: (client) => client.models.list() },
];

/** Does work below a span of the program, if there is one, and ends the span. */
export async function below(span: Span | undefined, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } finally {
    span?.end();
  }
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

async function aborted(client: OpenAI): Promise<unknown> {
  const controller = new AbortController();
  // Aborts a turn later: if the call failed before the program awaits it, the rejection would be unhandled.
  void nextTurn().then(() => controller.abort());
  return client.chat.completions.create(CHAT, { signal: controller.signal });
}

async function leftEarly(client: OpenAI): Promise<void> {
  for await (const _ of await client.chat.completions.create({ ...CHAT, stream: true })) break;
}

async function abortedStream(client: OpenAI): Promise<void> {
  const stream = await client.chat.completions.create({ ...CHAT, stream: true });
  for await (const _ of stream) stream.controller.abort();
}

async function runTools(client: OpenAI): Promise<unknown> {
  const tool = {
    type: 'function' as const,
    function: { ...FUNCTION, parse: JSON.parse, function: async () => 'found' },
  };
  return client.chat.completions.runTools({ ...CHAT, tools: [tool as never] }).finalContent();
}

async function conversation(client: OpenAI): Promise<void> {
  const { id } = await client.conversations.create();
  await client.responses.create({ model: 'gpt-4o', input: 'What is x?', conversation: id });
  await client.conversations.delete(id);
}

async function background(client: OpenAI): Promise<void> {
  const { id } = await client.responses.create({ model: 'gpt-4o', input: 'What is x?', background: true });
  for (let polls = 0; polls < 3; polls++) await client.responses.retrieve(id);
}

async function startThread(client: OpenAI): Promise<{ assistant: string; thread: string }> {
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o-mini', name: 'Tutor' });
  const thread = await client.beta.threads.create({ messages: QUESTION });
  return { assistant: assistant.id, thread: thread.id };
}

async function polledRun(client: OpenAI): Promise<void> {
  const { assistant, thread } = await startThread(client);
  await client.beta.threads.runs.createAndPoll(thread, { assistant_id: assistant }, { pollIntervalMs: 1 });
  await client.beta.threads.messages.list(thread);
}

async function streamedRun(client: OpenAI): Promise<void> {
  const { assistant, thread } = await startThread(client);
  await client.beta.threads.runs.stream(thread, { assistant_id: assistant }).finalRun();
}

async function unfinishedRun(client: OpenAI): Promise<void> {
  const { assistant, thread } = await startThread(client);
  await client.beta.threads.runs.create(thread, { assistant_id: assistant });
}

async function session(client: OpenAI): Promise<void> {
  const agent = await client.beta.agents.create({ name: 'Helper', model: 'gpt-5' });
  const start = { agent_id: agent.id, environment: ENVIRONMENT, input: 'What is x?' };
  await drain(await client.beta.agents.sessions.create({ ...start, stream: true }));
}
