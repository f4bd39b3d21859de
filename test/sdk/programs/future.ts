// A program with an `openai` of the future, in which something that the instrumentation wraps is called otherwise.
import module from 'node:module';
import { doctor, OpenAIInstrumentation } from '../../../src/index.ts';
import { startSimulator } from '../../support/simulator/index.ts';
import { recordTelemetry } from '../../support/telemetry.ts';

const [how = '', pattern = '', name = ''] = process.argv.slice(2);

// Its own hook comes first, so that ours sees what the future has made of the files.
module.registerHooks({
  load(url, context, next) {
    const result = next(url, context);
    if (!/\/node_modules\/openai\/.*\.mjs$/.test(url)) return result;
    const source = String(result.source).replaceAll(new RegExp(pattern, 'g'), name);
    return { ...result, source: source.replace(/VERSION = '[\d.]+'/, "VERSION = '8.0.0'") };
  },
});
const telemetry = recordTelemetry();
if (how === 'observed') new OpenAIInstrumentation({ cost: false });
const { OpenAI } = await import('openai');
const simulator = await startSimulator();
const client = new OpenAI({ apiKey: 'test', baseURL: simulator.url, maxRetries: 1, logLevel: 'off' });

const question = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'What is x?' }] };
const seen: unknown[] = [];
const see = async (ask: () => Promise<unknown>): Promise<void> => {
  seen.push(await ask().catch((error: Error) => [error.constructor.name, error.message]));
};
const read = async (stream: AsyncIterable<unknown>): Promise<unknown[]> => Array.fromAsync(stream);
const { completions } = client.chat;

await see(() => completions.create(question));
await see(async () => read(await completions.create({ ...question, stream: true })));
await see(async () => {
  for await (const chunk of await completions.create({ ...question, stream: true })) return chunk;
  return undefined;
});
await see(async () => (await completions.create(question).withResponse()).data);
await see(async () => (await completions.create(question).asResponse()).json());
await see(() => completions.stream(question).finalContent());
simulator.next({ status: 500, body: { error: { message: 'no' } }, headers: { 'retry-after-ms': '1' } });
await see(() => completions.create(question));
simulator.next({ status: 400, body: { error: { message: 'no' } } });
await see(() => completions.create(question));
await see(async () => (await client.models.list()).data);
await see(async () => {
  const thread = await client.beta.threads.create();
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o' });
  const { runs } = client.beta.threads;
  return (await runs.createAndPoll(thread.id, { assistant_id: assistant.id }, { pollIntervalMs: 1 })).status;
});

await telemetry.provider.shutdown();
await simulator.close();
const codes = how === 'observed' ? doctor().map(({ code }) => code) : [];
const names = telemetry.spans.map((span) => span.name);
console.log(JSON.stringify({ seen, codes, names, open: telemetry.openSpans }));
process.exit(0);
