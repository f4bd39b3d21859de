import OpenAI from 'openai';
import { answerFormat, caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const client = new OpenAI(options);
  const completions = client.chat.completions.parse
    ? client.chat.completions
    : client.beta?.chat?.completions;
  if (completions?.parse === undefined) return absent('parse');
  const { makeParseableResponseFormat } = await import('openai/lib/parser');
  const format = { type: 'json_schema', json_schema: answerFormat() };
  return caught(() =>
    completions.parse({ ...HELLO, response_format: makeParseableResponseFormat(format, JSON.parse) }),
  );
};
