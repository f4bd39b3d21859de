import { afterEach, describe, expect, test, vi } from 'vitest';
import { ask, askStreaming } from '../../support/ask.ts';
import { completionBody } from '../../support/bodies.ts';
import type { Session } from '../../support/session.ts';
import { openSession } from '../../support/use-session.ts';

afterEach(() => vi.unstubAllEnvs());

const USAGE = {
  prompt_tokens: 100,
  completion_tokens: 50,
  prompt_tokens_details: { cached_tokens: 40, cache_write_tokens: 20, audio_tokens: 30 },
  completion_tokens_details: { reasoning_tokens: 5, audio_tokens: 10 },
};
const CHUNKS = ['a', 'b'].map((content) => ({
  data: { id: 'c', model: 'gpt-4o-mini', choices: [{ index: 0, delta: { content } }] },
}));

/** A chat with all kinds of tokens, a stream, embeddings and a failed chat. */
async function record(names: string): Promise<Session> {
  vi.stubEnv('OTEL_SEMCONV_STABILITY_OPT_IN', names);
  const session = await openSession({ config: { chunkMetrics: 'each' } });
  const { client, simulator } = session;
  simulator.next({ body: completionBody('x', { usage: USAGE }) });
  await ask(client);
  simulator.next({ sse: [...CHUNKS, 'done'] });
  await askStreaming(client);
  await client.embeddings.create({ model: 'e', input: 'x' });
  simulator.next({ status: 429, body: { error: { code: 'rate_limit_exceeded' } } });
  await ask(client).catch(() => undefined);
  return session;
}

/** The names of what is measured, with the operations of each. */
async function measured(session: Session): Promise<Record<string, unknown[]>> {
  const metrics = await session.metrics();
  return Object.fromEntries(
    metrics
      .filter(({ descriptor }) => descriptor.name.startsWith('gen_ai.'))
      .map(({ descriptor, dataPoints }) => [
        descriptor.name,
        [...new Set(dataPoints.map(({ attributes }) => attributes['gen_ai.operation.name']))],
      ]),
  );
}

const CURRENT = {
  'gen_ai.client.operation.duration': ['chat', 'embeddings'],
  'gen_ai.client.token.usage': ['chat', 'embeddings'],
  'gen_ai.client.operation.time_to_first_chunk': ['chat'],
  'gen_ai.client.operation.time_per_output_chunk': ['chat'],
};
const NEXT = {
  'gen_ai.client.inference.duration': ['chat'],
  'gen_ai.client.inference.time_to_first_chunk': ['chat'],
  'gen_ai.client.inference.time_per_output_chunk': ['chat'],
  'gen_ai.client.inference.operation.input_tokens': ['chat'],
  'gen_ai.client.inference.operation.output_tokens': ['chat'],
  'gen_ai.client.inference.usage.input_tokens': ['chat'],
  'gen_ai.client.inference.usage.output_tokens': ['chat'],
  'gen_ai.client.inference.usage.cache_read.input_tokens': ['chat'],
  'gen_ai.client.inference.usage.cache_write.input_tokens': ['chat'],
  'gen_ai.client.inference.usage.reasoning.output_tokens': ['chat'],
};

describe('OTEL_SEMCONV_STABILITY_OPT_IN', () => {
  test.each([
    ['', CURRENT],
    ['http', CURRENT],
    ['gen_ai/dup', CURRENT],
    [
      'http, GEN_AI_latest_experimental',
      {
        ...NEXT,
        'gen_ai.client.operation.duration': ['embeddings'],
        'gen_ai.client.token.usage': ['embeddings'],
      },
    ],
    ['gen_ai_latest_experimental/dup', { ...CURRENT, ...NEXT }],
  ])('%j chooses the names of metrics', async (names, expected) => {
    const session = await record(names);
    expect(await measured(session)).toEqual(expected);
  });

  test('counts each token once, by modality, has the same sums as the present metric, and marks failures', async () => {
    const metrics = await (await record('gen_ai_latest_experimental/dup')).metrics();
    const points = (name: string) =>
      metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
    const counted = (name: string): [unknown, unknown][] =>
      points(`gen_ai.client.inference.usage.${name}`)
        .filter(({ attributes }) => attributes['gen_ai.operation.name'] === 'chat')
        .map(({ attributes, value }) => [attributes['gen_ai.token.modality'], value]);
    expect(Object.fromEntries(counted('input_tokens'))).toEqual({ audio: 30, unknown: 70 });
    expect(Object.fromEntries(counted('output_tokens'))).toEqual({ audio: 10, unknown: 40 });
    expect(counted('cache_read.input_tokens')).toEqual([['unknown', 40]]);
    expect(counted('cache_write.input_tokens')).toEqual([['unknown', 20]]);
    expect(counted('reasoning.output_tokens')).toEqual([['unknown', 5]]);
    const sums = (name: string): unknown[] => points(name).map(({ value }) => (value as { sum: number }).sum);
    expect(sums('gen_ai.client.token.usage')).toContain(100);
    expect(sums('gen_ai.client.inference.operation.input_tokens')).toContain(100);
    expect(sums('gen_ai.client.inference.operation.output_tokens')).toEqual([50]);
    const failed = points('gen_ai.client.inference.duration').map(
      ({ attributes }) => attributes['error.type'],
    );
    expect(failed).toContain('rate_limit_exceeded');
  });

  test('text tokens are known only if the usage reports them, also those of a cache', async () => {
    vi.stubEnv('OTEL_SEMCONV_STABILITY_OPT_IN', 'gen_ai_latest_experimental');
    const { client, simulator, metrics, spans } = await openSession();
    const input_tokens_details = {
      text_tokens: 60,
      image_tokens: 40,
      cached_tokens: 50,
      cached_tokens_details: { text_tokens: 10, image_tokens: 40 },
    };
    const usage = { input_tokens: 100, output_tokens: 9, total_tokens: 109, input_tokens_details };
    const response = { id: 'resp_1', object: 'response', status: 'completed', model: 'gpt-4o', output: [] };
    simulator.next({ body: { ...response, usage } });
    await client.responses.create({ model: 'gpt-4o', input: 'x' });
    const counted = async (name: string): Promise<unknown> =>
      (await metrics())
        .find(({ descriptor }) => descriptor.name === `gen_ai.client.inference.usage.${name}`)
        ?.dataPoints.map(({ attributes, value }) => [attributes['gen_ai.token.modality'], value]);
    expect(await counted('input_tokens')).toEqual([
      ['image', 40],
      ['text', 60],
    ]);
    expect(await counted('cache_read.input_tokens')).toEqual([
      ['image', 40],
      ['text', 10],
    ]);
    expect(await counted('output_tokens')).toEqual([['unknown', 9]]);
    const text = Object.entries(spans[0]?.attributes ?? {}).filter(([name]) => name.includes('usage.text.'));
    expect(Object.fromEntries(text)).toEqual({
      'gen_ai.usage.text.input_tokens': 60,
      'gen_ai.usage.text.cache_read.input_tokens': 10,
    });
  });

  test.each([
    ['', '1.42.0-dev'],
    ['gen_ai_latest_experimental', '1.43.0-dev'],
    ['gen_ai_latest_experimental/dup', '1.42.0-dev'],
  ])('%j chooses the schema of spans, metrics and events', async (names, version) => {
    const session = await record(names);
    const url = `https://opentelemetry.io/schemas/gen-ai-dev/${version}`;
    expect(session.spans[0]?.instrumentationScope.schemaUrl).toBe(url);
    expect(session.logRecords[0]?.instrumentationScope.schemaUrl).toBe(url);
  });

  test.each([
    ['', ['gen_ai.client.operation.time_to_first_chunk']],
    ['gen_ai_latest_experimental', []],
  ])('%j: the time to the first chunk of a retrieved response', async (names, expected) => {
    vi.stubEnv('OTEL_SEMCONV_STABILITY_OPT_IN', names);
    const session = await openSession({ config: { chunkMetrics: 'each' } });
    const response = { id: 'resp_1', object: 'response', status: 'completed', model: 'gpt-4o', output: [] };
    const events = ['response.created', 'response.completed'].map((type) => ({ data: { type, response } }));
    session.simulator.next({ sse: events });
    await Array.fromAsync(await session.client.responses.retrieve('resp_1', { stream: true }));
    const found = Object.keys(await measured(session)).filter((name) => name.includes('_chunk'));
    expect(found.filter((name) => name.endsWith('first_chunk'))).toEqual(expected);
    expect(found.filter((name) => name.includes('inference'))).toEqual([]);
  });

  test.each([
    ['', ['gen_ai.usage.cache_creation.input_tokens']],
    ['gen_ai_latest_experimental', ['gen_ai.usage.cache_write.input_tokens']],
    [
      'gen_ai_latest_experimental/dup',
      ['gen_ai.usage.cache_creation.input_tokens', 'gen_ai.usage.cache_write.input_tokens'],
    ],
  ])('%j chooses the name of written tokens on spans', async (names, expected) => {
    const session = await record(names);
    const attributes = Object.keys(session.spans[0]?.attributes ?? {});
    expect(attributes.filter((name) => /cache_(?:creation|write)/.test(name)).sort()).toEqual(expected);
  });

  test('says once which value for GenAI is unknown, and nothing of those for others', async () => {
    await record('http/dup, database, messaging/unknown');
    const session = await record('http, gen_ai_latest');
    expect(session.warnings.splice(0)).toEqual([
      expect.stringContaining(
        'OTEL_SEMCONV_STABILITY_OPT_IN is "http, gen_ai_latest"; accepted: lists of names',
      ),
    ]);
    expect(await measured(session)).toEqual(CURRENT);
  });
});
