import OpenAI from 'openai';
import { HELLO, readAll } from '../runtime/requests.mjs';

export default async ({ options }) => {
  // openai writes to the console what it cannot parse.
  const { error } = console;
  console.error = () => undefined;
  try {
    return await readAll(
      await new OpenAI({ ...options, logLevel: 'off' }).chat.completions.create({ ...HELLO, stream: true }),
    );
  } finally {
    console.error = error;
  }
};
