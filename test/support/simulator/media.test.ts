import { toFile } from 'openai';
import { describe, expect, it } from 'vitest';
import { simulate } from './conversation.ts';

const file = (): Promise<File> => toFile(Buffer.from('x'), 'x.png', { type: 'image/png' });

describe('images', () => {
  it('are returned in the requested number; only GPT image models report usage', async () => {
    const { client } = await simulate();
    const made = await client.images.generate({ model: 'gpt-image-1', prompt: 'x', n: 2 });
    expect(made.data).toHaveLength(2);
    expect(made.usage?.total_tokens).toBe((made.usage?.input_tokens ?? 0) + (made.usage?.output_tokens ?? 0));
    const older = await client.images.generate({ model: 'dall-e-3', prompt: 'x' });
    expect(older.usage).toBeUndefined();
    expect(older.data?.[0]?.url).toMatch(/^https:/);
  });

  it('can be edited from a form, and can be streamed', async () => {
    const { client } = await simulate();
    const stream = await client.images.edit({
      model: 'gpt-image-1',
      prompt: 'x',
      image: await file(),
      stream: true,
      partial_images: 1,
    });
    const types = (await Array.fromAsync(stream)).map(({ type }) => type);
    expect(types).toEqual(['image_edit.partial_image', 'image_edit.completed']);
  });
});

describe('a transcription', () => {
  it.each([
    ['whisper-1', { type: 'duration', seconds: 9 }],
    ['gpt-4o-transcribe', { type: 'tokens', total_tokens: 20 }],
  ])('by %s reports the usage of that model', async (model, usage) => {
    const { client } = await simulate();
    const answer = await client.audio.transcriptions.create({ model, file: await file() });
    expect(answer.usage).toMatchObject(usage);
  });

  it('is streamed in words, and complete at the end', async () => {
    const { client } = await simulate();
    const stream = await client.audio.transcriptions.create({
      model: 'gpt-4o-transcribe',
      file: await file(),
      stream: true,
    });
    let text = '';
    for await (const event of stream) {
      if (event.type === 'transcript.text.delta') text += event.delta;
      if (event.type === 'transcript.text.done') expect(event.text).toBe(text);
    }
    expect(text).not.toBe('');
  });
});

describe('a legacy completion', () => {
  it('is streamed in pieces of the plain one', async () => {
    const { client } = await simulate();
    const question = { model: 'gpt-3.5-turbo-instruct', prompt: 'Once' };
    const plain = await client.completions.create(question);
    const chunks = await Array.fromAsync(await client.completions.create({ ...question, stream: true }));
    expect(chunks.map(({ choices }) => choices[0]?.text).join('')).toBe(plain.choices[0]?.text);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
  });

  it('is cut at the maximum length', async () => {
    const { client } = await simulate();
    const cut = await client.completions.create({ model: 'm', prompt: ['a', 'b'], max_tokens: 2 });
    expect(cut.choices.map(({ finish_reason }) => finish_reason)).toEqual(['length', 'length']);
  });
});

it('a moderation flags harmful input', async () => {
  const { client } = await simulate();
  const { results } = await client.moderations.create({ input: ['no harm', 'none'] });
  expect(results.map(({ flagged }) => flagged)).toEqual([true, false]);
});

it('a vector store search returns at most the requested number', async () => {
  const { client } = await simulate();
  const page = await client.vectorStores.search('vs_1', { query: 'x', max_num_results: 2 });
  expect(page.data.map(({ score }) => score)).toEqual([0.9, 0.8]);
});
