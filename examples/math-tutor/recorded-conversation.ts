import { fileURLToPath } from 'node:url';
import { trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import { startReplay } from '../../test/support/simulator/index.ts';
import { say, textOf } from './narration.ts';

const RECORDING = fileURLToPath(new URL('../../test/fixtures/assistants/streaming.json', import.meta.url));

/** The milliseconds between two events of the stream. The recording does not contain their times. */
const PACE = 10;

/** Holds a conversation whose answers were recorded from the real API, with the same requests as in the recording. */
export async function replayConversation(): Promise<void> {
  const server = await startReplay(RECORDING);
  server.next({ when: { path: /\/runs$/ }, eventDelayMs: PACE });
  const client = new OpenAI({ apiKey: 'no key is needed here', baseURL: server.url });
  try {
    await trace.getTracer('math-tutor').startActiveSpan('recorded conversation', async (span) => {
      await converse(client).finally(() => span.end());
    });
  } finally {
    await server.close();
  }
}

async function converse(client: OpenAI): Promise<void> {
  const question = 'I need to solve the equation `3x + 11 = 14`. Can you help me?';
  const assistant = await client.beta.assistants.create({
    name: 'Math Tutor',
    model: 'gpt-4o-mini',
    instructions: 'You are a personal math tutor. Write and run code to answer math questions.',
    tools: [{ type: 'code_interpreter' }],
  });
  const thread = await client.beta.threads.create();
  await client.beta.threads.messages.create(thread.id, { role: 'user', content: question });
  say('Student', question);

  const stream = await client.beta.threads.runs.create(thread.id, {
    assistant_id: assistant.id,
    instructions: 'Please address the user as Jane Doe. The user has a premium account.',
    stream: true,
  });
  let answer = '';
  for await (const event of stream) {
    if (event.event === 'thread.message.delta') answer += textOf(event.data.delta);
  }
  say('Tutor', answer);
}
