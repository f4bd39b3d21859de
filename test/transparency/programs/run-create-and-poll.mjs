import OpenAI from 'openai';

export default async ({ options, absent }) => {
  const { assistants, threads } = new OpenAI(options).beta ?? {};
  if (threads?.runs?.createAndPoll === undefined) return absent('createAndPoll');
  const assistant = await assistants.create({ model: 'gpt-4o-mini', name: 'Math Tutor' });
  const thread = await threads.create({ messages: [{ role: 'user', content: 'Solve it.' }] });
  const run = await threads.runs.createAndPoll(
    thread.id,
    { assistant_id: assistant.id },
    { pollIntervalMs: 2 },
  );
  const fail = await threads.runs.createAndPoll(
    thread.id,
    { assistant_id: assistant.id },
    { pollIntervalMs: 2 },
  );
  return { run, fail };
};
