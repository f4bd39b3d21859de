import OpenAI from 'openai';

export default async ({ options }) => {
  const client = new OpenAI(options);
  const parameters = { model: 'text-embedding-3-small', input: ['one', 'two'], dimensions: 4 };
  const promise = client.embeddings.create(parameters);
  const value = await promise;
  const floats = await client.embeddings.create({ ...parameters, encoding_format: 'float' });
  const raw = await client.embeddings.create(parameters).asResponse();
  return { value, same: (await promise) === value, floats, raw: await raw.json() };
};
