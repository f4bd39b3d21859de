import OpenAI from 'openai';

export default async ({ options }) => {
  const client = new OpenAI(options);
  const { data, response } = await client.models.list().withResponse();
  const raw = await client.models.list().asResponse();
  return { page: data, response, raw: await raw.json() };
};
