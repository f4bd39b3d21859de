import { describe, expect, it } from 'vitest';
import { converse, simulate } from './conversation.ts';

describe('assistants, threads and messages', () => {
  it('can be created, read, changed, listed and deleted', async () => {
    const { client } = await simulate();
    const { assistants, threads } = client.beta;
    const { id } = await assistants.create({ model: 'gpt-4o-mini', tools: [{ type: 'code_interpreter' }] });
    expect(await assistants.update(id, { name: 'Tutor' })).toMatchObject({ id, name: 'Tutor' });
    expect(await assistants.retrieve(id)).toMatchObject({
      name: 'Tutor',
      tool_resources: { code_interpreter: { file_ids: [] } },
    });
    expect((await assistants.list()).data.map((assistant) => assistant.id)).toEqual([id]);
    expect(await assistants.delete(id)).toEqual({ id, object: 'assistant.deleted', deleted: true });

    const thread = await threads.create();
    expect(await threads.update(thread.id, { metadata: { topic: 'algebra' } })).toMatchObject({
      id: thread.id,
    });
    const message = await threads.messages.create(thread.id, { role: 'user', content: 'Hello' });
    const path = { thread_id: thread.id };
    await threads.messages.update(message.id, { ...path, metadata: { seen: 'yes' } });
    expect(await threads.messages.retrieve(message.id, path)).toMatchObject({
      status: 'completed',
      metadata: { seen: 'yes' },
      content: [{ type: 'text', text: { value: 'Hello', annotations: [] } }],
    });
    expect(await threads.messages.delete(message.id, path)).toMatchObject({ deleted: true });
    expect(await threads.delete(thread.id)).toEqual({
      id: thread.id,
      object: 'thread.deleted',
      deleted: true,
    });
  });

  it('return 404 after deletion, or if they never existed', async () => {
    const { client, threadId } = await converse();
    const missing = (id: string) => ({ status: 404, error: { message: expect.stringContaining(id) } });
    await client.beta.threads.delete(threadId);
    await expect(client.beta.threads.retrieve(threadId)).rejects.toMatchObject(missing(threadId));
    await expect(client.beta.assistants.retrieve('asst_0')).rejects.toMatchObject(missing('asst_0'));
    const thread = await client.beta.threads.create();
    const path = { thread_id: thread.id };
    await expect(client.beta.threads.messages.retrieve('msg_0', path)).rejects.toMatchObject(
      missing('msg_0'),
    );
    await expect(client.beta.threads.runs.retrieve('run_0', path)).rejects.toMatchObject(missing('run_0'));
    await expect(
      client.beta.threads.runs.create(thread.id, { assistant_id: 'asst_0' }),
    ).rejects.toMatchObject(missing('asst_0'));
  });

  it('are paginated for the SDK', async () => {
    const { client } = await simulate();
    const thread = await client.beta.threads.create();
    for (const content of ['one', 'two', 'three', 'four', 'five']) {
      await client.beta.threads.messages.create(thread.id, { role: 'user', content });
    }
    const { messages } = client.beta.threads;
    const all = await Array.fromAsync(messages.list(thread.id, { limit: 2, order: 'asc' }));
    const ids = all.map((message) => message.id);
    expect(ids).toEqual(['msg_000001', 'msg_000002', 'msg_000003', 'msg_000004', 'msg_000005']);
    const newestFirst = await messages.list(thread.id, { limit: 2 });
    expect(newestFirst.data.map((message) => message.id)).toEqual(['msg_000005', 'msg_000004']);
    const before = await messages.list(thread.id, { limit: 2, order: 'asc', before: 'msg_000004' });
    expect(before.data.map((message) => message.id)).toEqual(['msg_000002', 'msg_000003']);
  });

  it('have timestamps of a server clock that may be off', async () => {
    const { client, simulator } = await simulate();
    const before = Math.floor(Date.now() / 1000);
    simulator.clock.offset = 3600;
    const thread = await client.beta.threads.create();
    expect(thread.created_at).toBeGreaterThanOrEqual(before + 3600);
  });

  it('have the same ids on every server', async () => {
    const [first, second] = [await converse(), await converse()];
    expect(second.threadId).toBe(first.threadId);
    expect(second.assistantId).toBe(first.assistantId);
  });
});
