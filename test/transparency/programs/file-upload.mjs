import OpenAI, * as openai from 'openai';

export default async ({ options }) => {
  const client = new OpenAI(options);
  const file = await openai.toFile(new TextEncoder().encode('{"a": 1}\n'), 'input.jsonl');
  const uploaded = await client.files.create({ file, purpose: 'batch' });
  const image = await openai.toFile(new Uint8Array([137, 80, 78, 71]), 'image.png', { type: 'image/png' });
  return { uploaded, edited: await client.images.edit({ image, prompt: 'More' }) };
};
