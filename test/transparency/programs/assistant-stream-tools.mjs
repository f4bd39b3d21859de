import OpenAI from 'openai';
import { readAll } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const { assistants, threads } = new OpenAI(options).beta ?? {};
  if (threads?.createAndRunStream === undefined) return absent('createAndRunStream');
  const assistant = await assistants.create({ model: 'gpt-4o-mini', name: 'Weather Bot' });
  const thread = { messages: [{ role: 'user', content: 'Rain?' }] };
  const asking = threads.createAndRunStream({ assistant_id: assistant.id, thread });
  const asked = await asking.finalRun();
  const outputs = asked.required_action.submit_tool_outputs.tool_calls.map(({ id }) => ({
    tool_call_id: id,
    output: 'Rain',
  }));
  const parameters = { tool_outputs: outputs };
  // From openai 5 on, which also renamed `del`, the thread's id is named.
  const named = threads.delete !== undefined;
  const answering = named
    ? threads.runs.submitToolOutputsStream(asked.id, { thread_id: asked.thread_id, ...parameters })
    : threads.runs.submitToolOutputsStream(asked.thread_id, asked.id, parameters);
  return { asked, events: await readAll(answering), answered: await answering.finalRun() };
};
