import { DataPointType } from '@opentelemetry/sdk-metrics';
import { describe, expect, test } from 'vitest';
import { embeddings } from '../../src/operations/embeddings.ts';
import { matchRoute } from '../../src/sdk/routes/index.ts';
import { startProgram } from '../support/program.ts';
import { attributesOf } from './recorded.ts';

const MODEL = 'text-embedding-3-small';

describe('embeddings', () => {
  test('are one span with the request parameters and the input tokens', async () => {
    const program = await startProgram();
    const { usage } = await program.client.embeddings.create({
      model: MODEL,
      input: ['secret', 'another secret'],
      dimensions: 256,
      encoding_format: 'float',
    });
    expect(attributesOf(program.telemetry, `embeddings ${MODEL}`)).toEqual({
      'gen_ai.embeddings.dimension.count': 256,
      'gen_ai.operation.name': 'embeddings',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.encoding_formats': ['float'],
      'gen_ai.request.model': MODEL,
      'gen_ai.response.model': MODEL,
      'gen_ai.usage.input_tokens': usage.prompt_tokens,
      'http.response.status_code': 200,
      'openai.request.id': 'req_00000000000000000000000000000001',
      'server.address': '127.0.0.1',
    });
  });

  test('have metrics for input tokens and duration, and none for output', async () => {
    const program = await startProgram();
    const { usage } = await program.client.embeddings.create({ model: MODEL, input: 'secret' });
    const all = await program.telemetry.metrics();
    const metrics = all.filter(({ dataPointType }) => dataPointType === DataPointType.HISTOGRAM);
    expect(metrics.map(({ descriptor }) => descriptor.name)).toEqual([
      'gen_ai.client.operation.duration',
      'gen_ai.client.token.usage',
    ]);
    expect(metrics[1]?.dataPoints).toMatchObject([
      { attributes: { 'gen_ai.token.type': 'input' }, value: { count: 1, sum: usage.prompt_tokens } },
    ]);
  });

  test('reach the program unchanged', async () => {
    const program = await startProgram();
    const result = await program.client.embeddings.create({ model: MODEL, input: 'secret' });
    expect(result.data[0]?.embedding.slice(0, 2)).toEqual([1, 0]);
    expect(result.data[0]?.embedding.length).toBe(1536);
  });

  test.each<[how: string, embedding: unknown, dimensions: number | undefined]>([
    ['numbers', [0.1, 0.2, 0.3], 3],
    ['numbers that the SDK has decoded', new Float32Array(5), 5],
    ...[1, 2, 3, 256].map((count): [string, string, number] => [
      `base64 of ${count}`,
      Buffer.from(new Float32Array(count).buffer).toString('base64'),
      count,
    ]),
    ['an empty text', '', undefined],
    ['something else', { length: 4 }, undefined],
  ])('record the number of dimensions, from the length of %s', (_, embedding, dimensions) => {
    const { route } = matchRoute('POST', '/embeddings');
    const attributes = embeddings.resultAttributes({ data: [{ embedding }] }, route);
    expect(attributes['gen_ai.embeddings.dimension.count']).toBe(dimensions);
  });

  test('say how many dimensions they have if the request does not', async () => {
    const program = await startProgram();
    await program.client.embeddings.create({ model: MODEL, input: 'secret' });
    expect(attributesOf(program.telemetry, `embeddings ${MODEL}`)).toMatchObject({
      'gen_ai.embeddings.dimension.count': 1536,
    });
  });

  test('are neither read nor decoded', () => {
    const vector = new Proxy([0.1, 0.2], {
      get: (target, key) => (key === 'length' ? target.length : expect.fail('A number was read.')),
    });
    const lazy = Object.defineProperty({}, 'embedding', { get: () => expect.fail('A vector was decoded.') });
    const { route } = matchRoute('POST', '/embeddings');
    const result = { model: MODEL, usage: { prompt_tokens: 2, total_tokens: 2 } };
    for (const [data, dimensions] of [
      [[{ embedding: vector }, lazy], { 'gen_ai.embeddings.dimension.count': 2 }],
      [[lazy], {}],
    ])
      expect(embeddings.resultAttributes({ ...result, data }, route)).toEqual({
        'gen_ai.response.model': MODEL,
        ...dimensions,
      });
    expect(embeddings.usage?.(result)).toMatchObject({
      inputTokens: 2,
      known: 'input',
      isPartial: undefined,
    });
    expect(embeddings.content).toBeUndefined();
  });
});
