import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Session, startSession } from '../../support/session.ts';

afterEach(() => vi.unstubAllEnvs());

const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello?' }] };
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
  const session = await startSession({ config: { chunkMetrics: 'each' } });
  const { client, simulator } = session;
  const choices = [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }];
  simulator.next({ body: { id: 'c', model: 'gpt-4o-mini', choices, usage: USAGE } });
  await client.chat.completions.create(CHAT);
  simulator.next({ sse: [...CHUNKS, 'done'] });
  for await (const _ of await client.chat.completions.create({ ...CHAT, stream: true }));
  await client.embeddings.create({ model: 'e', input: 'x' });
  simulator.next({ status: 429, body: { error: { code: 'rate_limit_exceeded' } } });
  await client.chat.completions.create(CHAT).catch(() => undefined);
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
  'gen_ai.client.inference.operation.input_tokens': ['chat', 'embeddings'],
  'gen_ai.client.inference.operation.output_tokens': ['chat'],
  'gen_ai.client.inference.usage.input_tokens': ['chat', 'embeddings'],
  'gen_ai.client.inference.usage.output_tokens': ['chat'],
  'gen_ai.client.inference.usage.cache_read.input_tokens': ['chat', 'embeddings'],
  'gen_ai.client.inference.usage.cache_write.input_tokens': ['chat', 'embeddings'],
  'gen_ai.client.inference.usage.reasoning.output_tokens': ['chat'],
};

describe('OTEL_SEMCONV_STABILITY_OPT_IN', () => {
  test.each([
    ['', CURRENT],
    ['http', CURRENT],
    ['gen_ai/dup', CURRENT],
    ['http, GEN_AI_latest_experimental', { ...NEXT, 'gen_ai.client.operation.duration': ['embeddings'] }],
    ['gen_ai_latest_experimental/dup', { ...CURRENT, ...NEXT }],
  ])('%j chooses the names of metrics', async (names, expected) => {
    const session = await record(names);
    expect(await measured(session)).toEqual(expected);
    await session.verify();
  });

  test('counts each token once, by modality, and has the same sums as the present metric', async () => {
    const session = await record('gen_ai_latest_experimental/dup');
    const metrics = await session.metrics();
    const points = (name: string): [unknown, unknown][] =>
      (
        metrics.find(({ descriptor }) => descriptor.name === `gen_ai.client.inference.${name}`)?.dataPoints ??
        []
      )
        .filter(({ attributes }) => attributes['gen_ai.operation.name'] === 'chat')
        .map(({ attributes, value }) => [attributes['gen_ai.token.modality'], value]);
    expect(points('usage.input_tokens')).toEqual([
      ['audio', 30],
      ['text', 70],
    ]);
    expect(points('usage.output_tokens')).toEqual([
      ['audio', 10],
      ['text', 40],
    ]);
    expect(points('usage.cache_read.input_tokens')).toEqual([['text', 40]]);
    expect(points('usage.cache_write.input_tokens')).toEqual([['text', 20]]);
    expect(points('usage.reasoning.output_tokens')).toEqual([['text', 5]]);
    const sums = (name: string): unknown[] =>
      (metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []).map(
        ({ value }) => (value as { sum: number }).sum,
      );
    const now = sums('gen_ai.client.token.usage');
    expect(now).toContain(100);
    expect(sums('gen_ai.client.inference.operation.input_tokens')).toContain(100);
    expect(sums('gen_ai.client.inference.operation.output_tokens')).toEqual([50]);
    await session.verify();
  });

  test('marks failed operations on durations', async () => {
    const session = await record('gen_ai_latest_experimental');
    const duration = (await session.metrics()).find(
      ({ descriptor }) => descriptor.name === 'gen_ai.client.inference.duration',
    );
    expect(duration?.dataPoints.map(({ attributes }) => attributes['error.type'])).toContain(
      'rate_limit_exceeded',
    );
    await session.verify();
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
    await session.verify();
  });

  test('says once which value for GenAI is unknown, and nothing of those for others', async () => {
    const other = await record('http/dup, database, messaging/unknown');
    await other.verify();
    const session = await record('http, gen_ai_latest');
    expect(session.warnings.splice(0)).toEqual([
      expect.stringContaining(
        'OTEL_SEMCONV_STABILITY_OPT_IN is "http, gen_ai_latest"; accepted: lists of names',
      ),
    ]);
    expect(await measured(session)).toEqual(CURRENT);
    await session.verify();
  });
});
