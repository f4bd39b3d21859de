// Before: an assistant, a thread, a run for each question.
import { CONVERT_LENGTH, convertLength, INSTRUCTIONS, MODEL } from './tools.mjs';

export async function tutor(client, questions) {
  const { threads, assistants } = client.beta;
  const assistant = await assistants.create({
    name: 'Math Tutor',
    model: MODEL,
    instructions: INSTRUCTIONS,
    tools: [{ type: 'function', function: CONVERT_LENGTH }],
  });
  const thread = await threads.create();
  const answers = [];
  for (const question of questions) {
    await threads.messages.create(thread.id, { role: 'user', content: question });
    let run = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
    while (run.status === 'requires_action') {
      const calls = run.required_action.submit_tool_outputs.tool_calls;
      run = await threads.runs.submitToolOutputsAndPoll(run.id, {
        thread_id: thread.id,
        tool_outputs: calls.map((call) => ({
          tool_call_id: call.id,
          output: convertLength(JSON.parse(call.function.arguments)),
        })),
      });
    }
    const messages = await threads.messages.list(thread.id, { run_id: run.id });
    answers.push(messages.data[0].content[0].text.value);
  }
  return answers;
}
