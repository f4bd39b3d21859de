import { toFile } from 'openai';
import { describe, expect, it } from 'vitest';
import { simulate } from './conversation.ts';

const file = (): Promise<File> => toFile(Buffer.from('x'), 'x.png', { type: 'image/png' });

describe('images', () => {
  it('are as many as asked for; only the GPT image models tell their usage', async () => {
    const { client } = await simulate();
    const made = await client.images.generate({ model: 'gpt-image-1', prompt: 'x', n: 2 });
    expect(made.data).toHaveLength(2);
    expect(made.usage?.total_tokens).toBe((made.usage?.input_tokens ?? 0) + (made.usage?.output_tokens ?? 0));
    const older = await client.images.generate({ model: 'dall-e-3', prompt: 'x' });
    expect(older.usage).toBeUndefined();
    expect(older.data?.[0]?.url).toMatch(/^https:/);
  });

  it('that are edited come from a form, and may come as a stream', async () => {
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
  ])('by %s is billed by what that model bills', async (model, usage) => {
    const { client } = await simulate();
    const answer = await client.audio.transcriptions.create({ model, file: await file() });
    expect(answer.usage).toMatchObject(usage);
  });

  it('comes in words where it is streamed, and at the end as a whole', async () => {
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
  it('streamed is the plain one in pieces', async () => {
    const { client } = await simulate();
    const question = { model: 'gpt-3.5-turbo-instruct', prompt: 'Once' };
    const plain = await client.completions.create(question);
    const chunks = await Array.fromAsync(await client.completions.create({ ...question, stream: true }));
    expect(chunks.map(({ choices }) => choices[0]?.text).join('')).toBe(plain.choices[0]?.text);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
  });

  it('is cut where it may not be as long as it would be', async () => {
    const { client } = await simulate();
    const cut = await client.completions.create({ model: 'm', prompt: ['a', 'b'], max_tokens: 2 });
    expect(cut.choices.map(({ finish_reason }) => finish_reason)).toEqual(['length', 'length']);
  });
});

it('a moderation flags what has harm in it', async () => {
  const { client } = await simulate();
  const { results } = await client.moderations.create({ input: ['no harm', 'none'] });
  expect(results.map(({ flagged }) => flagged)).toEqual([true, false]);
});

it('the search of a vector store gives no more than was asked for', async () => {
  const { client } = await simulate();
  const page = await client.vectorStores.search('vs_1', { query: 'x', max_num_results: 2 });
  expect(page.data.map(({ score }) => score)).toEqual([0.9, 0.8]);
});
