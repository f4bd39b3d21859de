/**
 * Counts the files and functions of `src/` that one warm operation runs, with the package's defaults and V8's precise
 * coverage. Functions with the same name in one file count once.
 *
 *   node scripts/weight/hops.ts "chat"     prints the number of files and functions as JSON
 */
import { trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import type { OpenAIInstrumentationConfig } from '../../src/client.ts';
import { countCalls } from '../../test/support/count-calls.ts';
import { scriptTime } from '../../test/support/scripted-time.ts';
import { startSimulator } from '../../test/support/simulator/index.ts';
import { recordTelemetry } from '../../test/support/telemetry.ts';
import type { Hops, OPERATIONS } from './weigh.ts';

interface Operation {
  /** @param assistantId the id of an assistant that was created before */
  readonly run: (client: OpenAI, assistantId: string) => Promise<unknown>;
  readonly config?: OpenAIInstrumentationConfig;
}

/** Enough operations for everything that happens on first use. */
const WARM_UPS = 5;

const CHAT = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'Is two a prime number?' }],
} satisfies OpenAI.ChatCompletionCreateParams;

const RUNS: Readonly<Record<(typeof OPERATIONS)[number], Operation>> = {
  chat: { run: chat },
  'chat with content': { run: chat, config: { captureMessageContent: 'SPAN_ONLY' } },
  'chat streamed': { run: streamChat },
  'thread, run streamed, steps': { run: streamRun },
};

const [name = ''] = process.argv.slice(2);
const operation = new Map<string, Operation>(Object.entries(RUNS)).get(name);
if (operation === undefined) throw new Error(`There is no operation ${name}`);
const time = scriptTime();
// Imported after the timers are replaced, because the package keeps the timers that it finds when it loads.
const { instrumentOpenAI } = await import('../../src/client.ts');
console.log(JSON.stringify(await countHops(operation)));

function chat(client: OpenAI): Promise<unknown> {
  return client.chat.completions.create(CHAT);
}

async function streamChat(client: OpenAI): Promise<void> {
  for await (const _ of await client.chat.completions.create({ ...CHAT, stream: true }));
}

async function streamRun({ beta: { threads } }: OpenAI, assistantId: string): Promise<void> {
  const thread = await threads.create({ messages: CHAT.messages });
  const run = await threads.runs.stream(thread.id, { assistant_id: assistantId }).finalRun();
  await threads.runs.steps.list(run.id, { thread_id: thread.id });
}

async function countHops({ run, config = {} }: Operation): Promise<Hops> {
  const telemetry = recordTelemetry();
  const simulator = await startSimulator();
  const client = new OpenAI({ apiKey: 'test', baseURL: simulator.url, maxRetries: 0 });
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o-mini', name: 'Math Tutor' });
  instrumentOpenAI(client, config);
  const once = (): Promise<void> =>
    trace.getTracer('program').startActiveSpan('program', async (span) => {
      await run(client, assistant.id);
      span.end();
      // Waits for background work.
      while (telemetry.openSpans.length > 0) {
        await new Promise((resolve) => setImmediate(resolve));
        time.advance(100);
      }
    });
  for (let warmUp = 0; warmUp < WARM_UPS; warmUp++) await once();
  const functions = [...(await countCalls(['src/'], once)).keys()];
  await simulator.close();
  await telemetry.provider.shutdown();
  return { files: new Set(functions.map((place) => place.split(' ')[0])).size, functions: functions.length };
}
