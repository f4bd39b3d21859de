import OpenAI from 'openai';

export default async ({ options, absent }) => {
  const { assistants, threads } = new OpenAI(options).beta ?? {};
  if (threads?.createAndRunPoll === undefined) return absent('createAndRunPoll');
  const assistant = await assistants.create({ model: 'gpt-4o-mini', name: 'Weather Bot' });
  const thread = { messages: [{ role: 'user', content: 'Rain?' }] };
  const asked = await threads.createAndRunPoll({ assistant_id: assistant.id, thread }, { pollIntervalMs: 2 });
  const outputs = asked.required_action.submit_tool_outputs.tool_calls.map(({ id }) => ({
    tool_call_id: id,
    output: 'Rain',
  }));
  const parameters = { tool_outputs: outputs };
  // From openai 5 on, which also renamed `del`, the thread's id is named.
  const named = threads.delete !== undefined;
  const answered = named
    ? await threads.runs.submitToolOutputsAndPoll(
        asked.id,
        { thread_id: asked.thread_id, ...parameters },
        { pollIntervalMs: 2 },
      )
    : await threads.runs.submitToolOutputsAndPoll(asked.thread_id, asked.id, parameters, {
        pollIntervalMs: 2,
      });
  const steps = [];
  const pages = named
    ? threads.runs.steps.list(answered.id, { thread_id: answered.thread_id })
    : threads.runs.steps.list(answered.thread_id, answered.id);
  for await (const step of pages) steps.push(step);
  return { asked, answered, steps };
};
