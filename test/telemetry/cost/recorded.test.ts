import type { HistogramMetricData } from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OpenAIInstrumentationConfig } from '../../../src/client.ts';
import { assertSpanTree } from '../../../src/testing.ts';
import { type Session, type SessionOptions, startSession } from '../../support/session.ts';

/** One dollar for each input token, a thousand for each output token: a cost shows what it was made from. */
const CONFIG: OpenAIInstrumentationConfig = {
  cost: true,
  prices: {
    '*': {
      input_mtok: 1e6,
      cache_read_mtok: 1e6,
      output_mtok: 1e9,
      audio_hours: 3_600,
      storage_searches_kcount: 1e12,
    },
    'gpt-4.1': { input_mtok: 1e6, web_searches_kcount: 1 },
  },
};

let session: Session;
beforeEach(() => start());
afterEach(() => session.verify());

async function start(options: SessionOptions = {}): Promise<void> {
  session = await startSession({ config: CONFIG, ...options });
}

async function restart(options: SessionOptions): Promise<void> {
  await session.verify();
  await start(options);
}

/** The sum and count of the metric, by operation. */
async function costMetric(): Promise<Record<string, [sum: number | undefined, count: number]>> {
  const metric = (await session.metrics()).find(({ descriptor }) => descriptor.name === 'openai.client.cost');
  return Object.fromEntries(
    ((metric as HistogramMetricData | undefined)?.dataPoints ?? []).map(({ attributes, value }) => [
      String(attributes['gen_ai.operation.name'] ?? 'none'),
      [value.sum, value.count],
    ]),
  );
}

function costOf(input: number | undefined, output: number | undefined): number {
  return (input ?? 0) + (output ?? 0) * 1e3;
}

const HELLO = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello' }] };

describe('a call has its cost on the span, and once as a metric', () => {
  test('a chat completion', async () => {
    const { usage } = await session.client.chat.completions.create(HELLO);
    const cost = costOf(usage?.prompt_tokens, usage?.completion_tokens);
    expect(session.spans[0]?.attributes['openai.cost']).toBe(cost);
    expect(await costMetric()).toEqual({ chat: [cost, 1] });
  });

  test('a stream that reports its usage', async () => {
    const ask = { ...HELLO, stream: true as const };
    await Array.fromAsync(await session.client.chat.completions.create(ask));
    expect(session.spans[0]?.attributes).not.toHaveProperty('openai.cost');
    const stream = await session.client.chat.completions.create({
      ...ask,
      stream_options: { include_usage: true },
    });
    const usage = (await Array.fromAsync(stream)).at(-1)?.usage;
    const cost = costOf(usage?.prompt_tokens, usage?.completion_tokens);
    expect(session.spans[1]?.attributes['openai.cost']).toBe(cost);
    expect(await costMetric()).toEqual({ chat: [cost, 1] });
  });

  test('a response', async () => {
    const { usage } = await session.client.responses.create({ model: 'gpt-4o', input: 'Hello' });
    const cost = costOf(usage?.input_tokens, usage?.output_tokens);
    expect(session.spans[0]?.attributes['openai.cost']).toBe(cost);
    expect(await costMetric()).toEqual({ chat: [cost, 1] });
  });

  test('embeddings', async () => {
    const { usage } = await session.client.embeddings.create({
      model: 'text-embedding-3-small',
      input: 'Hello',
    });
    expect(session.spans[0]?.attributes['openai.cost']).toBe(usage.prompt_tokens);
    expect(await costMetric()).toEqual({ embeddings: [usage.prompt_tokens, 1] });
  });

  test('images, which are not an operation of the conventions', async () => {
    const { usage } = await session.client.images.generate({ model: 'gpt-image-1', prompt: 'A cat' });
    const cost = costOf(usage?.input_tokens, usage?.output_tokens);
    expect(cost).toBeGreaterThan(0);
    expect(session.spans[0]?.attributes['openai.cost']).toBe(cost);
    expect(await costMetric()).toEqual({ none: [cost, 1] });
  });

  test('audio that is billed by its length', async () => {
    session.simulator.next({ body: { text: 'Hello', usage: { type: 'duration', seconds: 7 } } });
    const file = new File(['sound'], 'hello.wav');
    await session.client.audio.transcriptions.create({ model: 'whisper-1', file });
    expect(session.spans[0]?.attributes['openai.cost']).toBe(7);
  });

  test('audio of Mistral, in a chat and in a transcript, billed beside its tokens', async () => {
    const usage = { prompt_tokens: 4, completion_tokens: 0, total_tokens: 94, prompt_audio_seconds: 7 };
    const message = { role: 'assistant', content: 'Hello' };
    const choices = [{ index: 0, finish_reason: 'stop', message }];
    session.simulator.next({ body: { id: 'chatcmpl-1', model: 'voxtral', choices, usage } });
    await session.client.chat.completions.create({ ...HELLO, model: 'voxtral' });
    session.simulator.next({ body: { model: 'voxtral', text: 'Hello', usage } });
    const file = new File(['sound'], 'hello.wav');
    await session.client.audio.transcriptions.create({ model: 'voxtral', file });
    expect(session.spans.map(({ attributes }) => attributes['openai.cost'])).toEqual([11, 11]);
    expect(session.spans[1]?.attributes['openai.audio.duration']).toBe(7);
  });

  test('no audio of a negative length', async () => {
    session.simulator.next({ body: { text: 'Hello', usage: { type: 'duration', seconds: -7 } } });
    const file = new File(['sound'], 'hello.wav');
    await session.client.audio.transcriptions.create({ model: 'whisper-1', file });
    expect(session.spans[0]?.attributes).not.toHaveProperty('openai.audio.duration');
    expect(session.spans[0]?.attributes).not.toHaveProperty('openai.cost');
  });

  test('searches that the API bills', async () => {
    session.simulator.next({
      body: {
        id: 'resp_1',
        object: 'response',
        status: 'completed',
        model: 'gpt-4o',
        output: [
          { id: 'fs_1', type: 'file_search_call', status: 'completed', queries: [] },
          { id: 'fs_2', type: 'file_search_call', status: 'incomplete', queries: [] },
        ],
        usage: { input_tokens: 5, output_tokens: 0 },
      },
    });
    await session.client.responses.create({ model: 'gpt-4o', input: 'Find' });
    expect(session.spans.find(({ name }) => name === 'chat gpt-4o')?.attributes['openai.cost']).toBe(1e9 + 5);
  });

  test.each<[string, object, number | undefined]>([
    [
      'web searches that the server does not count',
      { model: 'gpt-4.1', output: [{ type: 'web_search_call', status: 'completed' }] },
      undefined,
    ],
    [
      'web searches whose end it does not tell',
      { model: 'gpt-4.1', output: [{ type: 'web_search_call', status: 'in_progress' }] },
      undefined,
    ],
    [
      'but not web searches that failed',
      { model: 'gpt-4.1', output: [{ type: 'web_search_call', status: 'failed' }] },
      5,
    ],
    [
      'images, which another model draws',
      { output: [{ type: 'image_generation_call', status: 'completed' }] },
      undefined,
    ],
    [
      'images that the API calls unfinished',
      { output: [{ type: 'image_generation_call', status: 'generating', result: 'AAAA' }] },
      undefined,
    ],
    ['but not images that failed', { output: [{ type: 'image_generation_call', status: 'failed' }] }, 5],
    ['tokens of images', { tool_usage: { image_gen: { total_tokens: 9 } } }, undefined],
    [
      'web searches that the server does not count, but that have no price here',
      { output: [{ type: 'web_search_call', status: 'completed' }] },
      5,
    ],
    [
      'web searches that the server counts',
      {
        output: [{ type: 'web_search_call', status: 'completed' }],
        tool_usage: { image_gen: { total_tokens: 0 }, web_search: { num_requests: 0 } },
      },
      5,
    ],
  ])('unless a part of it is unknown: %s', async (_, answer, cost) => {
    session.simulator.next({
      body: {
        id: 'resp_1',
        object: 'response',
        status: 'completed',
        model: 'gpt-4o',
        output: [],
        usage: { input_tokens: 5, output_tokens: 0 },
        ...answer,
      },
    });
    await session.client.responses.create({ model: 'gpt-4o', input: 'Find' });
    expect(session.spans.find(({ name }) => name === 'chat gpt-4o')?.attributes['openai.cost']).toBe(cost);
  });

  test('unless it failed, or costs are off', async () => {
    session.simulator.next({ status: 400 });
    await session.client.chat.completions.create(HELLO).catch(() => undefined);
    expect(session.spans[0]?.attributes).not.toHaveProperty('openai.cost');
    expect(await costMetric()).toEqual({});
    await restart({ config: { ...CONFIG, cost: false } });
    await session.client.chat.completions.create(HELLO);
    expect(session.spans[0]?.attributes).not.toHaveProperty('openai.cost');
    expect(await costMetric()).toEqual({});
  });

  test('and as a metric without a trace', async () => {
    await restart({ sampler: { shouldSample: () => ({ decision: 0 }), toString: () => 'none' } });
    const { usage } = await session.client.chat.completions.create(HELLO);
    expect(session.spans).toEqual([]);
    expect(await costMetric()).toEqual({
      chat: [costOf(usage?.prompt_tokens, usage?.completion_tokens), 1],
    });
  });
});

describe('the tree of a thread', () => {
  async function converse(): Promise<number[]> {
    const { assistants, threads } = session.client.beta;
    const assistant = await assistants.create({ model: 'gpt-4o-mini', name: 'Tutor' });
    const thread = await threads.create();
    const costs: number[] = [];
    for (const content of ['One', 'Two']) {
      await threads.messages.create(thread.id, { role: 'user', content });
      const run = await threads.runs.createAndPoll(
        thread.id,
        { assistant_id: assistant.id },
        { pollIntervalMs: 5 },
      );
      costs.push(costOf(run.usage?.prompt_tokens, run.usage?.completion_tokens));
    }
    await session.provider.forceFlush();
    await threads.delete(thread.id);
    return costs;
  }

  test('has the cost of each step, and the totals of runs and thread, also per user message', async () => {
    const [first = 0, second = 0] = await converse();
    await session.provider.shutdown();
    expect(first).toBeGreaterThan(0);
    const tree = session.spans.filter(({ name }) => /^(thread|invoke_agent|chat)/.test(name));
    assertSpanTree(
      tree,
      `
      thread                 openai.total.cost=${first + second} openai.cost_per_user_message=${(first + second) / 2}
      ├─ invoke_agent Tutor  openai.total.cost=${first} openai.cost_per_user_message=${first}
      │  └─ chat gpt-4o-mini  openai.cost=${first}
      └─ invoke_agent Tutor  openai.total.cost=${second} openai.cost_per_user_message=${second}
         └─ chat gpt-4o-mini  openai.cost=${second}
      `,
    );
    const sum = tree.reduce((total, { attributes }) => total + Number(attributes['openai.cost'] ?? 0), 0);
    expect(sum).toBe(first + second);
    expect(await costMetric()).toEqual({ invoke_agent: [first + second, 2] });
  });

  test('has the cost on the run if no step was seen', async () => {
    await restart({ config: { ...CONFIG, runSteps: 'off' } });
    const [first = 0] = await converse();
    const run = session.spans.find(({ name }) => name === 'invoke_agent Tutor');
    expect(run?.attributes).toMatchObject({ 'openai.cost': first, 'openai.total.cost': first });
  });
});
