import { describe, expect, test } from 'vitest';
import { embeddings } from '../../src/operations/embeddings.ts';
import { matchRoute } from '../../src/sdk/routes/index.ts';
import { startProgram } from '../support/program.ts';
import { attributesOf } from './recorded.ts';

const MODEL = 'text-embedding-3-small';
const DIMENSIONS = 'gen_ai.embeddings.dimension.count';

/** What a result says of its embeddings, read like that of any request. */
function read(...data: readonly object[]): object {
  const { route } = matchRoute('POST', '/embeddings');
  return embeddings.resultAttributes({ model: MODEL, data }, route);
}

describe('embeddings', () => {
  test('are one span with the request parameters and the input tokens, and reach the program unchanged', async () => {
    const program = await startProgram();
    const input = ['secret', 'another secret'];
    const asked = { model: MODEL, input, dimensions: 256, encoding_format: 'float' } as const;
    const { data, usage } = await program.client.embeddings.create(asked);
    expect(data[0]?.embedding.slice(0, 2)).toEqual([1, 0]);
    expect(attributesOf(program.telemetry, `embeddings ${MODEL}`)).toEqual({
      [DIMENSIONS]: 256,
      'gen_ai.operation.name': 'embeddings',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.encoding_formats': ['float'],
      'gen_ai.request.model': MODEL,
      'gen_ai.response.model': MODEL,
      'gen_ai.usage.input_tokens': usage.prompt_tokens,
      'openai.request.id': 'req_00000000000000000000000000000001',
      'server.address': '127.0.0.1',
    });
    expect(await program.points('gen_ai.client.operation.duration')).toMatchObject([{ count: 1 }]);
    expect(await program.points('gen_ai.client.token.usage')).toMatchObject([
      { attributes: { 'gen_ai.token.type': 'input' }, count: 1, sum: usage.prompt_tokens },
    ]);
  });

  test('say how many dimensions they have if the request does not', async () => {
    const program = await startProgram();
    const { data } = await program.client.embeddings.create({ model: MODEL, input: 'secret' });
    expect(data[0]?.embedding).toHaveLength(1536);
    expect(attributesOf(program.telemetry, `embeddings ${MODEL}`)).toMatchObject({ [DIMENSIONS]: 1536 });
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
    expect(read({ embedding })).toEqual({ 'gen_ai.response.model': MODEL, [DIMENSIONS]: dimensions });
  });

  test.each<[usage: object, tokens: number | undefined]>([
    [{ prompt_tokens: 3, total_tokens: 3 }, 3],
    [{ prompt_tokens: 3, completion_tokens: 0, total_tokens: 3 }, 3],
    [{ total_tokens: 3 }, 3],
    [{ total_tokens: '3' }, 3],
    [{ total_tokens: 'three' }, undefined],
    [{}, undefined],
  ])('have only input tokens: %j', (usage, tokens) => {
    expect(embeddings.usage?.({ model: MODEL, usage })?.inputTokens).toBe(tokens);
  });

  test('are neither read nor decoded', () => {
    const embedding = new Proxy([0.1, 0.2], {
      get: (target, key) => (key === 'length' ? target.length : expect.fail('A number was read.')),
    });
    const lazy = Object.defineProperty({}, 'embedding', { get: () => expect.fail('A vector was decoded.') });
    expect(read({ embedding }, lazy)).toEqual({ 'gen_ai.response.model': MODEL, [DIMENSIONS]: 2 });
    expect(read(lazy)).toEqual({ 'gen_ai.response.model': MODEL });
    expect(embeddings.content).toBeUndefined();
  });
});
