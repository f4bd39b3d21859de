import OpenAI from 'openai';
import { readAll } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const { responses } = new OpenAI(options);
  if (responses?.stream === undefined) return absent('responses.stream');
  const helper = responses.stream({ model: 'gpt-4o', input: 'Hello' });
  const seen = [];
  for (const event of [
    'connect',
    'event',
    'response.output_text.delta',
    'response.completed',
    'end',
    'error',
  ])
    helper.on(event, (...args) => seen.push([event, args]));
  return { events: await readAll(helper), seen, final: await helper.finalResponse() };
};
