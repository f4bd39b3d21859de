import type { ResponseInput } from 'openai/resources/responses/responses';
import { describe, expect, test } from 'vitest';
import { withConversation } from '../../../src/client.ts';
import { type Program, startProgram } from '../../support/program.ts';

const MODEL = 'gpt-4o-mini';

const said = (content: string): ResponseInput[number] => ({ role: 'user', content });
const answered: ResponseInput[number] = { role: 'assistant', content: 'Four.' };
const called: ResponseInput[number] = {
  type: 'function_call',
  call_id: 'call_1',
  name: 'add',
  arguments: '',
};
const result: ResponseInput[number] = { type: 'function_call_output', call_id: 'call_1', output: '4' };

/** The number of user messages on the conversation's span. */
async function counted({ telemetry }: Program): Promise<unknown> {
  await telemetry.provider.shutdown();
  return telemetry.spans.find(({ name }) => name === 'conversation')?.attributes[
    'openai.total.user_messages'
  ];
}

describe('each user message of a conversation is counted once', () => {
  test.each<[string, number, readonly ResponseInput[]]>([
    ['if the program repeats the history', 2, [[said('A')], [said('A'), answered, said('B')]]],
    ['if it brings the results of functions', 1, [[said('A')], [said('A'), called, result]]],
    ['if one follows the results', 2, [[said('A')], [said('A'), called, result, said('B')]]],
    ['if two arrive together', 3, [[said('A'), said('B')], [said('C')]]],
  ])('%s', async (_, count, inputs) => {
    const program = await startProgram();
    await withConversation('conversation-1', async () => {
      for (const input of inputs) await program.client.responses.create({ model: MODEL, input });
    });
    expect(await counted(program)).toBe(count);
  });

  test('if the program puts messages into it', async () => {
    const program = await startProgram();
    const { conversations, responses } = program.client;
    const items = [said('A'), answered];
    const { id: conversation } = await conversations.create({ items });
    await conversations.items.create(conversation, { items: [said('B')] });
    program.simulator.next({ status: 400 });
    await conversations.items.create(conversation, { items: [said('C')] }).catch(() => undefined);
    await responses.create({ model: MODEL, input: 'D', conversation });
    expect(await counted(program)).toBe(3);
  });

  test('if a session stores what it has asked, along with the answers', async () => {
    const program = await startProgram();
    const { conversations, responses } = program.client;
    const { id } = await conversations.create({});
    await withConversation(id, async () => {
      await responses.create({ model: MODEL, input: [said('A')] });
      await conversations.items.create(id, { items: [said('A'), answered] });
      await responses.create({ model: MODEL, input: [said('A'), answered, said('B')] });
      await conversations.items.create(id, { items: [said('B'), called] });
    });
    expect(await counted(program)).toBe(2);
  });
});
