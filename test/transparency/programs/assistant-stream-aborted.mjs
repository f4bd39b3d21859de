import OpenAI from 'openai';
import { caught } from '../runtime/requests.mjs';

export default async ({ options, absent, cancelled }) => {
  const { assistants, threads } = new OpenAI(options).beta ?? {};
  if (threads?.runs?.stream === undefined) return absent('runs.stream');
  const assistant = await assistants.create({ model: 'gpt-4o-mini', name: 'Math Tutor' });
  const thread = await threads.create({ messages: [{ role: 'user', content: 'Solve it.' }] });
  const helper = threads.runs.stream(thread.id, { assistant_id: assistant.id });
  helper.once('messageDelta', () => helper.abort());
  const outcome = await caught(() => helper.done());
  return { outcome, cancelled: await cancelled() };
};
