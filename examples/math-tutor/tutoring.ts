import { trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import { startSimulator } from '../../test/support/simulator/index.ts';
import { say, textOf } from './narration.ts';
import { RUNS, slowDown } from './simulated-model.ts';
import { convertLength, LENGTH_TOOL } from './tools.ts';

type Events = ReturnType<OpenAI['beta']['threads']['runs']['stream']>;

/** The Math Tutor: one thread, two runs, tools of all three kinds. */
export async function tutor(): Promise<void> {
  const simulator = await startSimulator({ runs: RUNS });
  slowDown(simulator);
  const client = new OpenAI({ apiKey: 'no key is needed here', baseURL: simulator.url });
  try {
    await trace.getTracer('math-tutor').startActiveSpan('tutoring session', async (span) => {
      await giveLesson(client).finally(() => span.end());
    });
  } finally {
    await simulator.close();
  }
}

async function giveLesson(client: OpenAI): Promise<void> {
  const books = await client.vectorStores.create({ name: 'School books' });
  const assistant = await client.beta.assistants.create({
    name: 'Math Tutor',
    model: 'gpt-4o-mini',
    instructions: 'You are a personal math tutor. Answer questions briefly, in a sentence or less.',
    tools: [{ type: 'code_interpreter' }, { type: 'file_search' }, LENGTH_TOOL],
    tool_resources: { file_search: { vector_store_ids: [books.id] } },
  });
  const thread = await client.beta.threads.create();
  await add(client, thread.id, 'assistant', 'I am a math tutor who likes to help. What can I do for you?');
  await add(client, thread.id, 'user', 'I need to solve the equation `3x + 11 = 14`. Can you help me?');
  await answerByPolling(client, thread.id, assistant.id);
  await add(client, thread.id, 'user', 'How long is the marathon in my textbook, in miles?');
  await answerByStreaming(client, thread.id, assistant.id);
}

async function add(
  client: OpenAI,
  threadId: string,
  role: 'user' | 'assistant',
  content: string,
): Promise<void> {
  await client.beta.threads.messages.create(threadId, { role, content });
  say(role === 'user' ? 'Student' : 'Tutor', content);
}

/** Starts a run, polls it until it has ended, then reads the newest message. */
async function answerByPolling(client: OpenAI, threadId: string, assistantId: string): Promise<void> {
  const run = await client.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId });
  const messages = await client.beta.threads.messages.list(threadId, { run_id: run.id });
  const [part] = messages.data[0]?.content ?? [];
  if (part?.type === 'text') say('Tutor', part.text.value);
}

/** Starts a run and reads its stream. */
async function answerByStreaming(client: OpenAI, threadId: string, assistantId: string): Promise<void> {
  const answer = await listen(
    client,
    client.beta.threads.runs.stream(threadId, { assistant_id: assistantId }),
  );
  say('Tutor', answer);
}

/** Reads a stream. If the run calls a function, answers the call and reads on. */
async function listen(client: OpenAI, events: Events): Promise<string> {
  let answer = '';
  let waiting: OpenAI.Beta.Threads.Run | undefined;
  for await (const { event, data } of events) {
    if (event === 'thread.message.delta') answer += textOf(data.delta);
    if (event === 'thread.run.requires_action') waiting = data;
  }
  if (waiting === undefined) return answer;
  const { id, thread_id } = waiting;
  const tool_outputs = callFunctions(waiting);
  return listen(client, client.beta.threads.runs.submitToolOutputsStream(id, { thread_id, tool_outputs }));
}

function callFunctions(run: OpenAI.Beta.Threads.Run): { tool_call_id: string; output: string }[] {
  const calls = run.required_action?.submit_tool_outputs.tool_calls ?? [];
  return calls.map(({ id, function: { name, arguments: input } }) => {
    const output = convertLength(input);
    say('Program', `${name}(${input}) = ${output}`);
    return { tool_call_id: id, output };
  });
}
