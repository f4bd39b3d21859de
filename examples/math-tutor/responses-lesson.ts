import OpenAI from 'openai';
import { startSimulator } from '../../test/support/simulator/index.ts';
import { say } from './narration.ts';
import { RESPONSES, slowResponses } from './simulated-model.ts';
import { convertLength, LENGTH_FUNCTION } from './tools.ts';

type Input = OpenAI.Responses.ResponseInput;

const TOOLS: OpenAI.Responses.Tool[] = [
  { type: 'code_interpreter', container: { type: 'auto' } },
  { type: 'file_search', vector_store_ids: ['vs_textbook'] },
  LENGTH_FUNCTION,
];

/** The Math Tutor of today: one conversation, two questions, two hosted tools and a function. */
export async function giveResponsesLesson(): Promise<void> {
  const simulator = await startSimulator();
  simulator.respond(...RESPONSES);
  slowResponses(simulator);
  const client = new OpenAI({ apiKey: 'no key is needed here', baseURL: simulator.url });
  try {
    await giveLesson(client);
  } finally {
    await simulator.close();
  }
}

async function giveLesson(client: OpenAI): Promise<void> {
  const { id } = await client.conversations.create();
  await answer(client, id, 'I need to solve the equation `3x + 11 = 14`. Can you help me?');
  await answer(client, id, 'How long is the marathon in my textbook, in miles?');
}

async function answer(client: OpenAI, conversation: string, question: string): Promise<void> {
  say('Student', question);
  say('Tutor', await ask(client, conversation, [{ role: 'user', content: question }]));
}

/** Reads the stream of a response. If the model calls the function, sends its output and reads on. */
async function ask(client: OpenAI, conversation: string, input: Input): Promise<string> {
  const events = client.responses.stream({
    model: 'gpt-5-mini',
    instructions: 'You are a personal math tutor. Answer questions briefly, in a sentence or less.',
    conversation,
    input,
    tools: TOOLS,
  });
  const response = await events.finalResponse();
  const outputs = response.output.filter((item) => item.type === 'function_call').map(callFunction);
  return outputs.length === 0 ? response.output_text : ask(client, conversation, outputs);
}

function callFunction({
  name,
  arguments: input,
  call_id,
}: OpenAI.Responses.ResponseFunctionToolCall): OpenAI.Responses.ResponseInputItem.FunctionCallOutput {
  const output = convertLength(input);
  say('Program', `${name}(${input}) = ${output}`);
  return { type: 'function_call_output', call_id, output };
}
