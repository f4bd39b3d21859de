import type OpenAI from 'openai';
import { expect, it } from 'vitest';
import { startProgram } from '../support/program.ts';
import { startTutor } from '../support/tutor.ts';

const CONTENT = { captureMessageContent: 'SPAN_ONLY', runSteps: 'observe' } as const;

it.each(['what it says', 'no content'])(
  'a message that the program deletes before the run counts for nothing, where %s is recorded',
  async (recorded) => {
    const content = recorded === 'what it says';
    const tutor = await startTutor({ runs: [{}], content, ...(content && { config: CONTENT }) });
    const { messages } = tutor.client.beta.threads;
    const thread_id = tutor.threadId;
    const say = (text: string) => messages.create(thread_id, { role: 'user', content: text });
    await tutor.inSpan(async () => {
      await say('And y?');
      const { id } = await say('A mistake');
      await messages.delete(id, { thread_id });
      await tutor.run();
      // An answered message has been counted.
      const answered = await messages.list(thread_id, { order: 'asc', limit: 1 });
      await messages.delete(answered.data[0]?.id ?? '', { thread_id });
    });
    const [run] = await tutor.flushed('invoke_agent');
    expect(run?.attributes['openai.total.user_messages']).toBe(2);
    expect(tutor.ended('thread').at(-1)?.attributes['openai.total.user_messages']).toBe(2);
    const input = String(run?.attributes['gen_ai.input.messages'] ?? '');
    expect(input.includes('And y?')).toBe(content);
    expect(input).not.toContain('A mistake');
  },
);

it('a message that came with its thread counts for nothing if it is deleted before the first run', async () => {
  const tutor = await startTutor({ runs: [{}, {}] });
  const { messages } = tutor.client.beta.threads;
  const thread_id = tutor.threadId;
  const deleteOldest = async (): Promise<void> => {
    const { data } = await messages.list(thread_id, { order: 'asc', limit: 1 });
    await messages.delete(data[0]?.id ?? '', { thread_id });
  };
  await tutor.inSpan(async () => {
    await deleteOldest();
    await tutor.say();
    await tutor.run();
    await deleteOldest();
    await tutor.say();
    await tutor.run();
  });
  const runs = await tutor.flushed('invoke_agent');
  expect(runs.map(({ attributes }) => attributes['openai.total.user_messages'])).toEqual([1, 1]);
  expect(tutor.ended('thread').at(-1)?.attributes['openai.total.user_messages']).toBe(2);
});

it('a message that is deleted after its run was rejected counts for nothing', async () => {
  const tutor = await startTutor({ runs: [{}] });
  const { client, threadId: thread_id, simulator } = tutor;
  const { messages } = client.beta.threads;
  await tutor.inSpan(async () => {
    const { id } = await messages.create(thread_id, { role: 'user', content: 'A mistake' });
    simulator.next({ when: { method: 'POST', path: /runs$/ }, status: 400, body: { error: {} } });
    await expect(tutor.create()).rejects.toThrow('400');
    await messages.delete(id, { thread_id });
    await tutor.run();
  });
  const [, run] = await tutor.flushed('invoke_agent');
  expect(run?.attributes['openai.total.user_messages']).toBe(1);
});

it.each(['as an item', 'with the Conversation'])(
  'a message of a Conversation, added %s, counts for nothing if it is deleted before it is answered',
  async (how) => {
    const program = await startProgram();
    const { conversations, responses } = program.client;
    const items: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: 'A mistake' }];
    const { id } = await conversations.create(how === 'as an item' ? {} : { items });
    if (how === 'as an item') await conversations.items.create(id, { items });
    const { data } = await conversations.items.list(id);
    await conversations.items.delete(data[0]?.id ?? '', { conversation_id: id });
    await responses.create({ model: 'gpt-4o', conversation: id, input: 'What is x?' });
    await program.telemetry.provider.shutdown();
    const [conversation] = program.ended('conversation');
    expect(conversation?.attributes['openai.total.user_messages']).toBe(1);
  },
);

it('what a history refers to is not said by the user again', async () => {
  const program = await startProgram();
  const { conversations, responses } = program.client;
  const { id: conversation } = await conversations.create();
  const input: OpenAI.Responses.ResponseInputItem[] = [];
  for (let asked = 0; asked < 4; asked++) {
    input.push({ role: 'user', content: `Question ${asked}` });
    const { output } = await responses.create({ model: 'gpt-4o', conversation, input: [...input] });
    for (const { id = '' } of output) input.push({ type: 'item_reference', id });
  }
  await program.telemetry.provider.shutdown();
  expect(program.ended('conversation')[0]?.attributes['openai.total.user_messages']).toBe(4);
});
