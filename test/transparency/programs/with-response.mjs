import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const promise = new OpenAI(options).chat.completions.create(HELLO);
  const { data, response, request_id: requestId } = await promise.withResponse();
  return { data, response, requestId };
};
