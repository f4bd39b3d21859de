import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { clientOf } from './conversation.ts';
import { type Exchange, startReplay } from './replay.ts';
import type { Simulator } from './simulator.ts';

const STREAMING = fileURLToPath(new URL('../../fixtures/assistants/streaming.json', import.meta.url));
const POLLING = fileURLToPath(new URL('../../fixtures/assistants/polling.json', import.meta.url));

describe('a replay', () => {
  let replay: Simulator | undefined;
  afterEach(() => replay?.close());

  it('returns a recorded conversation to the real SDK', async () => {
    replay = await startReplay(POLLING);
    const client = clientOf(replay);
    const assistant = await client.beta.assistants.create({ model: 'gpt-4o-mini' });
    const thread = await client.beta.threads.create();
    const { runs, messages } = client.beta.threads;
    const created = await runs.create(thread.id, { assistant_id: assistant.id });
    const run = await runs.poll(created.id, { thread_id: thread.id }, { pollIntervalMs: 1 });
    expect(run).toMatchObject({ status: 'completed', usage: { prompt_tokens: 381, completion_tokens: 88 } });
    expect((await runs.retrieve(run.id, { thread_id: thread.id })).status, 'the last repeats').toBe(
      'completed',
    );
    expect((await messages.list(thread.id, { order: 'asc' })).data).toHaveLength(2);
    await expect(messages.list(thread.id), 'another query').rejects.toMatchObject({ status: 404 });
  });

  it('sends a stream and its headers exactly as recorded', async () => {
    replay = await startReplay(STREAMING);
    const exchanges: Exchange[] = JSON.parse(await readFile(STREAMING, 'utf8'));
    const exchange = exchanges.find(({ response }) => typeof response.body === 'string');
    const { request, response: recorded } = exchange ?? {};
    const response = await fetch(new URL(request?.path ?? '', replay.url), { method: 'POST', body: '{}' });
    expect(await response.text()).toBe(recorded?.body);
    expect(Object.fromEntries(response.headers)).toMatchObject(recorded?.headers ?? {});
  });

  it('can be interrupted like the simulator', async () => {
    replay = await startReplay([
      {
        request: { method: 'GET', path: '/v1/models' },
        response: { status: 200, headers: {}, body: { data: [] } },
      },
    ]);
    replay.next({ status: 500 });
    const client = clientOf(replay);
    await expect(client.models.list()).rejects.toMatchObject({ status: 500 });
    expect((await client.models.list()).data).toEqual([]);
  });
});
