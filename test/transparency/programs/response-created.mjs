import OpenAI from 'openai';

export default async ({ options, absent }) => {
  const { responses } = new OpenAI(options);
  if (responses === undefined) return absent('responses');
  const promise = responses.create({ model: 'gpt-4o', input: 'Hello' });
  const { data, response } = await promise.withResponse();
  return { data, status: response.status, text: data.output_text };
};
