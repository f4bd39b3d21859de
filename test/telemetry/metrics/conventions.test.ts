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
  });

  test('counts each token once, by modality, has the same sums as the present metric, and marks failures', async () => {
    const metrics = await (await record('gen_ai_latest_experimental/dup')).metrics();
    const points = (name: string) =>
      metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
    const counted = (name: string): [unknown, unknown][] =>
      points(`gen_ai.client.inference.usage.${name}`)
        .filter(({ attributes }) => attributes['gen_ai.operation.name'] === 'chat')
        .map(({ attributes, value }) => [attributes['gen_ai.token.modality'], value]);
    expect(Object.fromEntries(counted('input_tokens'))).toEqual({ audio: 30, text: 70 });
    expect(Object.fromEntries(counted('output_tokens'))).toEqual({ audio: 10, text: 40 });
    expect(counted('cache_read.input_tokens')).toEqual([['text', 40]]);
    expect(counted('cache_write.input_tokens')).toEqual([['text', 20]]);
    expect(counted('reasoning.output_tokens')).toEqual([['text', 5]]);
    const sums = (name: string): unknown[] => points(name).map(({ value }) => (value as { sum: number }).sum);
    expect(sums('gen_ai.client.token.usage')).toContain(100);
    expect(sums('gen_ai.client.inference.operation.input_tokens')).toContain(100);
    expect(sums('gen_ai.client.inference.operation.output_tokens')).toEqual([50]);
    const failed = points('gen_ai.client.inference.duration').map(
      ({ attributes }) => attributes['error.type'],
    );
    expect(failed).toContain('rate_limit_exceeded');
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
