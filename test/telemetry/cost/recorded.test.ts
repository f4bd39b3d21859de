import type { HistogramMetricData } from '@opentelemetry/sdk-metrics';
import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import type { OpenAIInstrumentationConfig } from '../../../src/client.ts';
import { ask } from '../../support/ask.ts';
import { completionBody, responseBody } from '../../support/bodies.ts';
import type { Session } from '../../support/session.ts';
import { startTutor } from '../../support/tutor.ts';
import { openSession } from '../../support/use-session.ts';

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

/** The sum and count of the metric, by operation. */
async function costMetric({ metrics }: Pick<Session, 'metrics'>): Promise<Record<string, unknown>> {
  const metric = (await metrics()).find(({ descriptor }) => descriptor.name === 'openai.client.cost');
  const points = (metric as HistogramMetricData | undefined)?.dataPoints ?? [];
  return Object.fromEntries(
    points.map(({ attributes, value }) => [
      String(attributes['gen_ai.operation.name'] ?? 'none'),
      [value.sum, value.count],
    ]),
  );
}

interface AnyUsage {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly input_tokens?: number;
  readonly output_tokens?: number;
}

/** What the tokens of an answer cost. */
function costOf({ usage }: { usage?: AnyUsage | null }): number {
  const { prompt_tokens = 0, completion_tokens = 0, input_tokens = 0, output_tokens = 0 } = usage ?? {};
  return prompt_tokens + input_tokens + (completion_tokens + output_tokens) * 1e3;
}

/** What the last span says that its call has cost. */
function recordedCost({ spans }: Pick<Session, 'spans'>): unknown {
  return spans.at(-1)?.attributes['openai.cost'];
}

function transcribe({ audio }: OpenAI, model = 'whisper-1'): Promise<unknown> {
  return audio.transcriptions.create({ model, file: new File(['sound'], 'hello.wav') });
}

async function streamed({ chat }: OpenAI, more: object): Promise<{ usage?: AnyUsage | null }> {
  const stream = await chat.completions.create({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: 'Hello' }],
    stream: true,
    ...more,
  });
  return (await Array.fromAsync(stream)).at(-1) ?? {};
}

describe('a call has its cost on the span, and once as a metric', () => {
  test.each<[string, string, (client: OpenAI) => Promise<{ usage?: AnyUsage | null }>]>([
    ['a chat completion', 'chat', (client) => ask(client)],
    ['a stream', 'chat', (client) => streamed(client, { stream_options: { include_usage: true } })],
    ['a response', 'chat', ({ responses }) => responses.create({ model: 'gpt-4o', input: 'Hello' })],
    ['embeddings', 'embeddings', ({ embeddings }) => embeddings.create({ model: 'e', input: 'Hello' })],
    [
      'images',
      'generate_content',
      async ({ images }) => images.generate({ model: 'gpt-image-1', prompt: 'A cat' }),
    ],
  ])('%s', async (_, operation, call) => {
    const session = await openSession({ config: CONFIG });
    const cost = costOf(await call(session.client));
    expect(cost).toBeGreaterThan(0);
    expect(recordedCost(session)).toBe(cost);
    expect(await costMetric(session)).toEqual({ [operation]: [cost, 1] });
  });

  test.each<[string, object, number | undefined, number | undefined]>([
    ['audio that is billed by its length', { type: 'duration', seconds: 7 }, 7, 7],
    ['no audio of a negative length', { type: 'duration', seconds: -7 }, undefined, undefined],
    ['audio of Mistral, billed beside its tokens', { prompt_tokens: 4, prompt_audio_seconds: 7 }, 11, 7],
  ])('%s', async (_, usage, cost, duration) => {
    const session = await openSession({ config: CONFIG });
    const total = { completion_tokens: 0, total_tokens: 94 };
    session.simulator.next({
      body: { text: 'Hello', usage: 'type' in usage ? usage : { ...total, ...usage } },
    });
    await transcribe(session.client);
    expect(recordedCost(session)).toBe(cost);
    expect(session.spans[0]?.attributes['openai.audio.duration']).toBe(duration);
  });

  test('audio of Mistral in a chat', async () => {
    const session = await openSession({ config: CONFIG });
    const usage = { prompt_tokens: 4, completion_tokens: 0, total_tokens: 94, prompt_audio_seconds: 7 };
    session.simulator.next({ body: completionBody('Hello', { model: 'voxtral', usage }) });
    await ask(session.client, 'Hello', { model: 'voxtral' });
    expect(recordedCost(session)).toBe(11);
  });

  const search = (status: string): object => ({ type: 'web_search_call', status });
  const image = (status: string): object => ({ type: 'image_generation_call', status, result: 'AAAA' });
  const counted = { image_gen: { total_tokens: 0 }, web_search: { num_requests: 0 } };
  const fileSearches = ['completed', 'incomplete'].map((status) => ({ type: 'file_search_call', status }));

  test.each<[string, object[], object, number | undefined]>([
    ['file searches that the API bills', fileSearches, {}, 1e9 + 5],
    ['nothing for web searches that nobody counts', [search('completed')], { model: 'gpt-4.1' }, undefined],
    ['nothing for such whose end is unknown', [search('in_progress')], { model: 'gpt-4.1' }, undefined],
    ['the rest if web searches failed', [search('failed')], { model: 'gpt-4.1' }, 5],
    ['the rest if web searches have no price', [search('completed')], {}, 5],
    ['web searches that the server counts', [search('completed')], { tool_usage: counted }, 5],
    ['nothing for images, which another model draws', [image('completed')], {}, undefined],
    ['nothing for images that the API calls unfinished', [image('generating')], {}, undefined],
    ['the rest if images failed', [image('failed')], {}, 5],
    ['nothing for tokens of images', [], { tool_usage: { image_gen: { total_tokens: 9 } } }, undefined],
  ])('%s', async (_, output, more, cost) => {
    const session = await openSession({ config: CONFIG });
    const usage = { input_tokens: 5, output_tokens: 0 };
    const items = output.map((item, index) => ({ id: `item_${index}`, queries: [], ...item }));
    session.simulator.next({ body: responseBody(items, { model: 'gpt-4o', usage, ...more }) });
    await session.client.responses.create({ model: 'gpt-4o', input: 'Find' });
    const call = session.spans.find(({ name }) => name === 'chat gpt-4o');
    expect(call?.attributes['openai.cost']).toBe(cost);
  });

  test('unless it failed or reports no usage, or costs are off', async () => {
    const session = await openSession({ config: CONFIG });
    session.simulator.next({ status: 400 });
    await ask(session.client).catch(() => undefined);
    await streamed(session.client, {});
    const unpriced = await openSession({ config: { ...CONFIG, cost: false } });
    await ask(unpriced.client);
    for (const { spans, metrics } of [session, unpriced]) {
      for (const { attributes } of spans) expect(attributes).not.toHaveProperty('openai.cost');
      expect(await costMetric({ metrics })).toEqual({});
    }
  });

  test('and as a metric without a trace', async () => {
    const sampler = { shouldSample: () => ({ decision: 0 }), toString: () => 'none' };
    const session = await openSession({ config: CONFIG, sampler });
    const cost = costOf(await ask(session.client));
    expect(session.spans).toEqual([]);
    expect(await costMetric(session)).toEqual({ chat: [cost, 1] });
  });
});

test('a run has its cost if no step was seen', async () => {
  const program = await startTutor({ config: { ...CONFIG, runSteps: 'off' } });
  const cost = costOf(await program.run());
  await program.telemetry.provider.forceFlush();
  const [run] = program.ended('invoke_agent');
  expect(run?.attributes).toMatchObject({ 'openai.cost': cost, 'openai.total.cost': cost });
  expect(await costMetric(program.telemetry)).toEqual({ invoke_agent: [cost, 1] });
});
