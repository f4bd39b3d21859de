import OpenAI from 'openai';

export default async ({ options }) => {
  const client = new OpenAI(options);
  return [
    await client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'Say' }),
    await client.moderations.create({ input: 'Hello' }),
    await client.images.generate({ prompt: 'A cat', n: 1 }),
    await client.files.retrieve('file_1'),
    await client.fineTuning.jobs.create({ model: 'gpt-4o', training_file: 'file_1' }),
    await client.fineTuning.jobs.cancel('ftjob_1'),
  ];
};
