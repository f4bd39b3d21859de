import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

const STATUSES = [400, 401, 403, 404, 409, 418, 422, 429, 500, 502, 503];

export default async ({ options }) => {
  const client = new OpenAI(options);
  const errors = [];
  for (const status of STATUSES) {
    const { thrown } = await caught(() => client.chat.completions.create(HELLO));
    const { APIError, RateLimitError } = OpenAI;
    errors.push({
      status,
      thrown,
      known: thrown instanceof APIError,
      rate: thrown instanceof RateLimitError,
    });
  }
  return errors;
};
