/**
 * Creates a client with hooks of its own for each request, as a server may, and prints as JSON how many of the requests
 * are kept when they are over (`node --expose-gc`).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import OpenAI from 'openai';
import { flush, instrumentOpenAI } from '../../../src/client.ts';
import { answer } from '../../support/heap/api.ts';
import { recordTelemetry } from '../../support/telemetry.ts';

const MAX_ROUNDS = 20;
const input = 'What is x?';
const TOOL_CALL = { id: 'call_1', type: 'function', function: { name: 'get_x', arguments: '{}' } };
const TOOL = { type: 'function', function: { name: 'get_x' } } as const;
const COMPLETION = {
  id: 'chatcmpl_1',
  object: 'chat.completion',
  choices: [
    { index: 0, finish_reason: 'tool_calls', message: { role: 'assistant', tool_calls: [TOOL_CALL] } },
  ],
};

const fetch: typeof answer = async (url, init) =>
  String(url).endsWith('/chat/completions') ? Response.json(COMPLETION) : answer(url, init);

const requests: Readonly<Record<string, (client: OpenAI) => Promise<unknown>>> = {
  response: ({ responses }) => responses.create({ model: 'gpt-4o', input }),
  async run({ beta: { threads } }) {
    const { id } = await threads.create();
    const run = await threads.runs.create(id, { assistant_id: 'asst_1' });
    await threads.runs.retrieve(run.id, { thread_id: id });
  },
  'tool call': ({ chat: { completions } }) =>
    completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: input }], tools: [TOOL] }),
};

async function handle(call: (client: OpenAI) => Promise<unknown>): Promise<WeakRef<object>> {
  const request = { spans: 0 };
  const requestHook = (): void => void request.spans++;
  // Two clients, as a handler and its helper may have them.
  for (let client = 0; client < 2; client++)
    await call(instrumentOpenAI(new OpenAI({ apiKey: 'test', maxRetries: 0, fetch }), { requestHook }));
  return new WeakRef(request);
}

const telemetry = recordTelemetry();
const kept: Record<string, number> = {};
for (const [name, call] of Object.entries(requests)) {
  const handled = await Promise.all([1, 2, 3].map(() => handle(call)));
  if (name === 'run') await flush();
  const left = (): number => handled.filter((request) => request.deref() !== undefined).length;
  for (let round = 0; round < MAX_ROUNDS && left() > 0; round++) {
    await nextTurn();
    globalThis.gc?.();
  }
  kept[name] = left();
}
console.log(JSON.stringify({ kept, openSpans: telemetry.openSpans }));
