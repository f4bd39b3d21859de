import OpenAI from 'openai';
import { answerFormat } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const { responses } = new OpenAI(options);
  if (responses?.parse === undefined) return absent('responses.parse');
  const { makeParseableTextFormat } = await import('openai/lib/parser');
  const format = makeParseableTextFormat({ type: 'json_schema', ...answerFormat() }, JSON.parse);
  const promise = responses.parse({ model: 'gpt-4o', input: 'Hello', text: { format } });
  const value = await promise;
  return { value, parsed: value.output_parsed, same: (await promise) === value };
};
