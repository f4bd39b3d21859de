import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options, received, cancelled }) => {
  const client = new OpenAI(options);
  const controller = new AbortController();
  const promise = caught(() => client.chat.completions.create(HELLO, { signal: controller.signal }));
  await received(1);
  controller.abort(new Error('enough'));
  const outcome = await promise;
  return { outcome, cancelled: await cancelled() };
};
