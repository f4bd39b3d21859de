import OpenAI from 'openai';

export default async ({ options }) => {
  const client = new OpenAI(options);
  const speech = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hello' });
  const { bodyUsed, status } = speech;
  const content = await client.files.content('file_1');
  return {
    ...{ bodyUsed, status, bytes: await speech.arrayBuffer() },
    content: typeof content === 'string' ? content : await content.text(),
  };
};
