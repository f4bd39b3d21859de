import OpenAI from 'openai';

export default async ({ options, absent }) => {
  const { assistants, threads } = new OpenAI(options).beta ?? {};
  if (threads === undefined) return absent('threads');
  const assistant = await assistants.create({ model: 'gpt-4o-mini', name: 'Math Tutor' });
  const thread = await threads.create();
  const message = await threads.messages.create(thread.id, { role: 'user', content: 'Solve it.' });
  let run = await threads.runs.create(thread.id, { assistant_id: assistant.id });
  const seen = [run];
  // From openai 5 on, which also renamed `del`, the thread's id is named.
  const retrieve = (id) =>
    threads.delete !== undefined
      ? threads.runs.retrieve(id, { thread_id: thread.id })
      : threads.runs.retrieve(thread.id, id);
  while (['queued', 'in_progress'].includes(run.status)) {
    run = await retrieve(run.id);
    seen.push(run);
  }
  const messages = await threads.messages.list(thread.id, { limit: 10 });
  return { assistant, thread, message, seen, messages: messages.data };
};
