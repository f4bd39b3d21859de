/** The programs whose traces are on the screenshots. They run on the simulator. */
import { setTimeout as wait } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import type OpenAI from 'openai';
import { startSimulator } from '../../test/support/simulator/index.ts';

/** Runs all programs. Modules that use `openai` are imported after the instrumentation. */
export async function runPrograms(): Promise<void> {
  const { flush } = await import('opentelemetry-instrumentation-openai/client');
  const { giveResponsesLesson } = await import('../../examples/math-tutor/responses-lesson.ts');
  const { speak } = await import('../../examples/math-tutor/speaking.ts');
  const { tutor } = await import('../../examples/math-tutor/tutoring.ts');
  await speak();
  await findTrains();
  await answerTicket();
  await failingRun();
  await tutor();
  await giveResponsesLesson();
  await flush();
}

/** The example of the Agents API. */
async function findTrains(): Promise<void> {
  const { simulate } = await import('../../examples/agents/simulation.mjs' as string);
  const simulator = await startSimulator({});
  simulate(simulator);
  process.env.OPENAI_API_KEY = 'no key is needed here';
  process.env.OPENAI_BASE_URL = simulator.url;
  await import('../../examples/agents/main.mjs' as string);
  await simulator.close();
}

/** A chat whose retry succeeds, and then a request whose retries all fail. */
async function answerTicket(): Promise<void> {
  const { default: Client } = await import('openai');
  const simulator = await startSimulator({});
  const client = new Client({ apiKey: 'no key is needed here', baseURL: simulator.url, maxRetries: 2 });
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: 'system', content: 'You answer customers of a shop.' },
    { role: 'user', content: 'Where is my parcel?' },
  ];
  const ask = (): Promise<OpenAI.ChatCompletion> =>
    client.chat.completions.create({ model: 'gpt-4o', messages });
  await trace.getTracer('shop').startActiveSpan('answer ticket', async (span) => {
    simulator.next({ status: 500 });
    const { choices } = await ask();
    messages.push({ role: 'assistant', content: choices[0]?.message.content ?? '' });
    messages.push({ role: 'user', content: 'And when will it come?' });
    for (let attempt = 0; attempt < 3; attempt++) simulator.next({ status: 429 });
    await ask().catch(() => undefined);
    span.end();
  });
  await simulator.close();
}

/** A run of the Assistants API that calls a function, and fails while it answers. */
async function failingRun(): Promise<void> {
  const { default: Client } = await import('openai');
  const simulator = await startSimulator({});
  simulator.script({
    end: 'failed',
    steps: [
      { tools: [{ function: { name: 'find_parcel', arguments: { order: 4711 } } }] },
      { message: 'It will' },
    ],
  });
  const { beta } = new Client({ apiKey: 'no key is needed here', baseURL: simulator.url });
  const options = { pollIntervalMs: 30 };
  await trace.getTracer('shop').startActiveSpan('find parcel', async (span) => {
    const { id: assistant_id } = await beta.assistants.create({
      model: 'gpt-4o',
      name: 'Parcel Agent',
      instructions: 'You answer customers of a shop.',
      tools: [{ type: 'function', function: { name: 'find_parcel' } }],
    });
    const { id: thread_id } = await beta.threads.create({
      messages: [{ role: 'user', content: 'Where is my parcel, and when will it come?' }],
    });
    const run = await beta.threads.runs.createAndPoll(thread_id, { assistant_id }, options);
    const calls = run.required_action?.submit_tool_outputs.tool_calls ?? [];
    const tool_outputs = calls.map(({ id }) => ({ tool_call_id: id, output: '{"place":"Hamburg"}' }));
    await beta.threads.runs.submitToolOutputsAndPoll(run.id, { thread_id, tool_outputs }, options);
    span.end();
  });
  // The package reads the steps after the run has failed.
  await wait(1_000);
  await simulator.close();
}
