// The instrumentation is switched off and on while calls, streams and runs are in progress.
import { OpenAIInstrumentation } from '../../../src/index.ts';
import { startSimulator } from '../../support/simulator/index.ts';
import { recordTelemetry } from '../../support/telemetry.ts';

const telemetry = recordTelemetry();
const instrumentation = new OpenAIInstrumentation({ cost: false, enabled: process.argv[2] !== 'plain' });
const { OpenAI } = await import('openai');
const simulator = await startSimulator();
const client = new OpenAI({ apiKey: 'test', baseURL: simulator.url, maxRetries: 0 });

/** Nothing happens where the program runs without the instrumentation. */
const turn = (way: 'disable' | 'enable'): void => {
  if (process.argv[2] !== 'plain') instrumentation[way]();
};

const question = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'What is x?' }] };
const { threads, assistants } = client.beta;
const seen: unknown[] = [];

// A call is in progress when it is switched off, and another one when it is switched on.
const first = client.chat.completions.create(question);
turn('disable');
const second = client.chat.completions.create(question);
turn('enable');
// Which of the two arrives first is not for anybody to say, so that their ids are not compared.
seen.push((await first).choices, (await second).choices, await client.chat.completions.create(question));

// So is a stream, and a run with its thread.
const assistant = await assistants.create({ model: 'gpt-4o', name: 'Tutor' });
const thread = await threads.create({ messages: question.messages });
const run = await threads.runs.create(thread.id, { assistant_id: assistant.id });
const stream = await client.chat.completions.create({ ...question, stream: true });
let chunks = 0;
for await (const chunk of stream) {
  seen.push(chunk);
  if (++chunks === 2) turn('disable');
  if (chunks === 3) turn('enable');
}
seen.push(await threads.runs.retrieve(run.id, { thread_id: thread.id }));
turn('disable');
seen.push(await threads.runs.poll(run.id, { thread_id: thread.id }, { pollIntervalMs: 1 }));
turn('enable');
seen.push(await threads.messages.list(thread.id).then(({ data }) => data));

// Many times in a row changes nothing either.
for (let times = 0; times < 20; times++) for (const way of ['disable', 'enable'] as const) turn(way);
seen.push(await client.chat.completions.create(question));

await telemetry.provider.shutdown();
await simulator.close();
const names = telemetry.spans.map(({ name }) => name);
console.log(JSON.stringify({ seen, names, open: telemetry.openSpans }));
