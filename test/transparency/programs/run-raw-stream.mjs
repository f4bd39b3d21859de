import OpenAI from 'openai';
import { readAll } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const { assistants, threads } = new OpenAI(options).beta ?? {};
  if (threads === undefined) return absent('threads');
  const assistant = await assistants.create({ model: 'gpt-4o-mini', name: 'Math Tutor' });
  const thread = await threads.create({ messages: [{ role: 'user', content: 'Solve it.' }] });
  const stream = await threads.runs.create(thread.id, { assistant_id: assistant.id, stream: true });
  // openai 4.19 knows no streamed runs: it hands out the text as it came.
  return typeof stream === 'string' ? stream : readAll(stream);
};
