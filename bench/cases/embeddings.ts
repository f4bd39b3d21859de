import { type Api, json } from '../api/answer.ts';
import { type Case, expect } from './case.ts';

const INPUTS = 16;
const DIMENSIONS = 1_536;

/** The client requests base64 and decodes it. */
function embeddingsApi(): Api {
  const vector = Float32Array.from({ length: DIMENSIONS }, (_, index) => Math.sin(index));
  const embedding = Buffer.from(vector.buffer).toString('base64');
  const answer = json({
    object: 'list',
    data: Array.from({ length: INPUTS }, (_, index) => ({ object: 'embedding', index, embedding })),
    model: 'text-embedding-3-small',
    usage: { prompt_tokens: 128, total_tokens: 128 },
  });
  return () => answer;
}

export const EMBEDDINGS_CASES: readonly Case[] = [
  {
    name: 'embeddings',
    title: 'embeddings, 16 × 1,536',
    requests: 1,
    operations: 60,
    api: embeddingsApi,
    run: async (client) => {
      const { data } = await client.embeddings.create({
        model: 'text-embedding-3-small',
        input: Array.from({ length: INPUTS }, (_, index) => `Text number ${index}, of eight words or so`),
      });
      expect(data.length === INPUTS && data[0]?.embedding.length === DIMENSIONS, 'the vectors');
    },
  },
];
