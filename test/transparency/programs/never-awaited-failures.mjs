import OpenAI from 'openai';
import { HELLO } from '../runtime/requests.mjs';

export default async ({ options, received }) => {
  const client = new OpenAI(options);
  for (let call = 0; call < 3; call++) client.chat.completions.create(HELLO);
  client.models.list();
  // One that is handled late is handled.
  const late = client.chat.completions.create(HELLO);
  late.catch(() => undefined);
  await received(5);
  await new Promise((resolve) => setTimeout(resolve, 50));
  return 'never awaited';
};
