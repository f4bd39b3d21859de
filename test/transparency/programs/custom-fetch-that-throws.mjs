import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const thrown = [new TypeError('fails'), 'a string', undefined, { an: 'object' }];
  const outcomes = [];
  for (const what of thrown) {
    const fetch = () => Promise.reject(what);
    const outcome = await caught(() => new OpenAI({ ...options, fetch }).chat.completions.create(HELLO));
    outcomes.push({ outcome, cause: outcome.thrown?.cause === what });
  }
  return outcomes;
};
