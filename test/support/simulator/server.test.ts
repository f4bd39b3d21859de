import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { APIConnectionError, APIUserAbortError, RateLimitError } from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { simulate } from './conversation.ts';

const QUESTION = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'What is x?' }] };

describe('the server', () => {
  it('keeps the requests it received, and answers with the headers of the API', async () => {
    const { client, simulator } = await simulate();
    const { response } = await client.chat.completions.create(QUESTION).withResponse();
    expect(response.headers.get('x-request-id')).toBe(`req_${'1'.padStart(32, '0')}`);
    expect(response.headers.get('openai-version')).toBe('2020-10-01');
    expect(response.headers.has('openai-processing-ms')).toBe(true);
    expect(simulator.requests).toMatchObject([
      {
        method: 'POST',
        path: '/v1/chat/completions',
        headers: { authorization: 'Bearer test' },
        body: QUESTION,
        aborted: false,
      },
    ]);
  });

  it('can be closed twice and does not keep the process alive', async () => {
    const program = `
      import { startSimulator } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)};
      const simulator = await startSimulator();
      await (await fetch(simulator.url + '/models')).text();
      void fetch(simulator.url + '/models').catch(() => {});
      await simulator.close();
      await simulator.close();
      process.stdout.write('closed');
    `;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      timeout: 20_000,
    });
    expect((await run).stdout).toBe('closed');
  });
});

describe('a queued answer', () => {
  it('is used once, for the first matching request', async () => {
    const { client, simulator } = await simulate();
    simulator.next({
      when: { method: 'get', path: '/files' },
      body: { object: 'list', data: [{ id: 'file-1' }] },
    });
    simulator.next({ when: { path: /threads\/thread_1\?after=/ }, status: 418 });
    await client.chat.completions.create(QUESTION);
    expect((await client.files.list({ limit: 5 })).data).toEqual([{ id: 'file-1' }]);
    expect((await client.files.list()).data).toEqual([]);
  });

  it('makes the SDK retry according to its headers', async () => {
    const { client, simulator } = await simulate();
    simulator.next({ status: 429, headers: { 'retry-after-ms': '1' } });
    simulator.next({ status: 503, headers: { 'retry-after': '0.001' } });
    await client.withOptions({ maxRetries: 2 }).chat.completions.create(QUESTION);
    expect(simulator.requests.map(({ headers }) => headers['x-stainless-retry-count'])).toEqual([
      '0',
      '1',
      '2',
    ]);

    simulator.next({ status: 429, headers: { 'x-should-retry': 'false' } });
    const refused = client.withOptions({ maxRetries: 2 }).chat.completions.create(QUESTION);
    await expect(refused).rejects.toBeInstanceOf(RateLimitError);
    expect(simulator.requests).toHaveLength(4);
  });

  it('streams the given events', async () => {
    const { client, simulator } = await simulate();
    simulator.next({
      sse: [{ data: { id: 'one' } }, { event: 'error', data: { error: { message: 'Lost' } } }],
    });
    const stream = await client.chat.completions.create({ ...QUESTION, stream: true });
    const read = Array.fromAsync(stream);
    await expect(read).rejects.toThrow(/Lost/);
    simulator.next({ sse: [{ data: { id: 'one' } }, 'done'] });
    const second = await client.chat.completions.create({ ...QUESTION, stream: true });
    expect(await Array.fromAsync(second)).toEqual([{ id: 'one' }]);
  });

  it('breaks the connection before the headers, without side effects', async () => {
    const { client, simulator } = await simulate();
    simulator.next({ break: 'before-headers' });
    await expect(client.beta.threads.create()).rejects.toBeInstanceOf(APIConnectionError);
    expect((await client.beta.threads.create()).id).toBe('thread_000001');
  });

  it('breaks the connection in the middle of a body or a stream', async () => {
    const { client, simulator } = await simulate();
    simulator.next({ break: 'mid-body' });
    await expect(client.chat.completions.create(QUESTION)).rejects.toThrow();
    simulator.next({ break: 'mid-body' });
    const stream = await client.chat.completions.create({ ...QUESTION, stream: true });
    const words: string[] = [];
    const read = async () => {
      for await (const chunk of stream) words.push(chunk.choices[0]?.delta.content ?? '');
    };
    await expect(read()).rejects.toThrow();
    expect(words).toEqual(['', 'This', ' is', ' a']);
  });

  it('can be delayed, and the server notices when the client disconnects', async () => {
    const { client, simulator } = await simulate();
    simulator.next({ delayMs: 60_000 });
    const leaving = new AbortController();
    const answer = client.chat.completions.create(QUESTION, { signal: leaving.signal });
    await vi.waitFor(() => expect(simulator.requests).toHaveLength(1));
    leaving.abort();
    await expect(answer).rejects.toBeInstanceOf(APIUserAbortError);
    simulator.next({ eventDelayMs: 60_000 });
    for await (const _ of await client.chat.completions.create({ ...QUESTION, stream: true })) break;
    await vi.waitFor(() => expect(simulator.requests.map(({ aborted }) => aborted)).toEqual([true, true]));
  });
});
