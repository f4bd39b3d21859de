import OpenAI from 'openai';
import { caught } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const made = await caught(() => OpenAI(options));
  const value = made.value === undefined ? undefined : await made.value.models.retrieve('a');
  return { thrown: made.thrown?.constructor.name, value, kind: made.value instanceof OpenAI };
};
