import type OpenAI from 'openai';
import { expect, onTestFinished, test } from 'vitest';
import { flush, traced, withConversation } from '../../src/client.ts';
import { assertSpanTree } from '../../src/testing.ts';
import { startSession } from '../support/session.ts';
import { readDocument } from './documents.ts';

const ADVICE = "`traced('answer', ask)` inside `withConversation(conversation.id, …)`";

test('a span for each answer, as docs/migration-from-assistants.md advises, keeps one tree', async () => {
  expect(readDocument('docs/migration-from-assistants.md')).toContain(ADVICE);
  const session = await startSession();
  onTestFinished(() => session.verify());
  const { client, simulator } = session;
  simulator.respond(
    { output: [{ message: 'x is 4.' }] },
    { output: [{ function: { name: 'convert_length', arguments: {} } }] },
    { output: [{ message: 'It is 26 miles long.' }] },
  );
  type Input = string | OpenAI.Responses.ResponseInput;
  const { id: conversation } = await client.conversations.create();
  const respond = (input: Input): Promise<OpenAI.Responses.Response> =>
    client.responses.create({ conversation, model: 'gpt-4o-mini', input });
  const answer = traced('answer', async (question: string): Promise<void> => {
    for (const item of (await respond(question)).output)
      if (item.type === 'function_call')
        await respond([{ type: 'function_call_output', call_id: item.call_id, output: '26 miles' }]);
  });
  await withConversation(conversation, async () => {
    for (const question of ['What is x, if 3x = 12?', 'How long is a marathon?']) await answer(question);
  });
  await flush();
  assertSpanTree(
    session.spans,
    `
    conversation
    ├─ POST /conversations
    ├─ answer
    │  └─ chat gpt-4o-mini
    └─ answer
       ├─ chat gpt-4o-mini
       ├─ execute_tool convert_length
       └─ chat gpt-4o-mini
    `,
  );
});
