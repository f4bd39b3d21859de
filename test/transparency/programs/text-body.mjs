import OpenAI, * as openai from 'openai';

export default async ({ options }) => {
  const client = new OpenAI(options);
  const file = await openai.toFile(new TextEncoder().encode('simulated sound'), 'sound.mp3');
  return client.audio.transcriptions.create({ model: 'whisper-1', file, response_format: 'text' });
};
