// After: a conversation, and a response for each model call.
import { CONVERT_LENGTH, convertLength, INSTRUCTIONS, MODEL } from './tools.mjs';

export async function tutor(client, questions) {
  const conversation = await client.conversations.create();
  const ask = (input) =>
    client.responses.create({
      conversation: conversation.id,
      model: MODEL,
      instructions: INSTRUCTIONS,
      tools: [{ type: 'function', strict: false, ...CONVERT_LENGTH }],
      input,
    });
  const answers = [];
  for (const question of questions) {
    let response = await ask(question);
    let calls = callsOf(response);
    while (calls.length > 0) {
      response = await ask(
        calls.map((call) => ({
          type: 'function_call_output',
          call_id: call.call_id,
          output: convertLength(JSON.parse(call.arguments)),
        })),
      );
      calls = callsOf(response);
    }
    answers.push(response.output_text);
  }
  return answers;
}

function callsOf(response) {
  return response.output.filter((item) => item.type === 'function_call');
}
