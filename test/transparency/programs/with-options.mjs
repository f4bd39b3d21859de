import OpenAI from 'openai';
import { HELLO, readAll } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const client = new OpenAI({ ...options, defaultHeaders: { 'x-default': 'one' } });
  if (client.withOptions === undefined) return absent('withOptions');
  const copy = client.withOptions({ defaultHeaders: { 'x-default': 'two' }, timeout: 5_000 });
  return {
    first: await client.chat.completions.create(HELLO),
    second: await copy.chat.completions.create(HELLO),
    third: await readAll(await copy.withOptions({}).chat.completions.create({ ...HELLO, stream: true })),
    kind: copy instanceof OpenAI,
    timeouts: [client.timeout, copy.timeout],
  };
};
