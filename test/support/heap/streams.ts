/**
 * Reads streams that a hostile server sends, throws their chunks away, and prints as JSON how many bytes are kept of each
 * when all its chunks have come and the server holds it open (`node --expose-gc`).
 *
 *     streams.ts <NO_CONTENT | SPAN_ONLY | HOOK>
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { instrumentOpenAI } from '../../../src/client.ts';

type Event = (index: number) => object;

interface HostileStream {
  readonly ask: (client: OpenAI) => Promise<AsyncIterable<unknown>>;
  readonly events: number;
  readonly event: Event;
}

const model = 'gpt-4o';
const long = (index: number, length = 100_000): string => `${index} ${'x'.repeat(length)}`;

const askChat = (client: OpenAI) => client.chat.completions.create({ model, messages: [], stream: true });
const askResponse = (client: OpenAI) => client.responses.create({ model, input: 'x', stream: true });
const askText = (client: OpenAI) => client.completions.create({ model, prompt: 'x', stream: true });
const askRun = (client: OpenAI) =>
  client.beta.threads.runs.create('thread_1', { assistant_id: 'asst_1', stream: true });
const askSession = (client: OpenAI) =>
  client.beta.agents.sessions.create({
    agent_id: 'agent_1',
    environment: { type: 'none' },
    input: 'x',
    stream: true,
  });

/** Some 15 MB each. */
const chat = (delta: (index: number) => object, events = 150): HostileStream => ({
  ask: askChat,
  events,
  event: (index) => ({ id: 'chatcmpl_1', model, choices: [{ index: 0, delta: delta(index) }] }),
});
const response = (event: Event, events = 150): HostileStream => ({ ask: askResponse, events, event });
const run = (data: (index: number) => object): HostileStream => ({
  ask: askRun,
  events: 150,
  event: (index) => ({ event: 'thread.run.step.completed', data: data(index) }),
});

const RUN = {
  id: 'run_1',
  object: 'thread.run',
  thread_id: 'thread_1',
  status: 'in_progress',
  created_at: 1,
};

const functionCall = (index: number): object => ({
  type: 'function_call',
  id: `fc_${index}`,
  call_id: `call_${index}`,
  name: 'f',
  arguments: long(index),
});

const STREAMS: Readonly<Record<string, HostileStream>> = {
  'text of a chat': chat((index) => ({ content: long(index) })),
  'text of a chat in single characters': chat((index) => ({ content: 'abcdefghij'.at(index % 10) }), 100_000),
  'arguments of a tool call of a chat': chat((index) => ({
    tool_calls: [{ index: 0, id: 'call_1', function: { name: 'f', arguments: long(index) } }],
  })),
  'a name of a tool that never ends': chat((index) => ({
    tool_calls: [{ index: 0, id: 'call_1', function: { name: long(index) } }],
  })),
  'tool calls without end': chat(
    (index) => ({
      tool_calls: [{ index, id: `call_${long(index, 500)}`, function: { name: long(index, 500) } }],
    }),
    15_000,
  ),
  'ids of tool calls of a hundred kilobytes': chat((index) => ({
    tool_calls: [{ index, id: long(index), type: long(index), function: { name: 'f', arguments: '' } }],
  })),
  'sound of a chat': chat((index) => ({
    audio: { id: 'audio_1', data: long(index), transcript: long(index) },
  })),
  'a chunk that says much of a completion': {
    ask: askChat,
    events: 20,
    event: (index) =>
      index === 5
        ? {
            id: long(index),
            model: long(index, 1_000_000),
            usage: { prompt_tokens: 1, details: { text: long(index, 10_000_000) } },
            choices: [{ index: 0, delta: {}, finish_reason: long(index, 1_000_000) }],
          }
        : { choices: [{ index: 0, delta: { content: 'x' } }] },
  },
  'texts of a legacy completion': {
    ask: askText,
    events: 150,
    event: (index) => ({ id: 'cmpl_1', model, choices: [{ index: index % 200, text: long(index) }] }),
  },
  'text of a response': response((index) =>
    index === 0
      ? { type: 'response.output_item.added', output_index: 0, item: { type: 'message', id: 'msg_1' } }
      : { type: 'response.output_text.delta', output_index: 0, delta: long(index) },
  ),
  'items of a response': response((index) => ({
    type: 'response.output_item.done',
    output_index: index,
    item: functionCall(index),
  })),
  'an event that says much of a response': {
    ask: askResponse,
    events: 20,
    event: (index) =>
      index === 5
        ? {
            type: 'response.in_progress',
            response: {
              id: 'resp_1',
              status: 'in_progress',
              instructions: long(index, 5_000_000),
              metadata: { text: long(index, 1_000_000) },
              error: { code: 'x', message: long(index, 1_000_000) },
              output: Array.from({ length: 200 }, () => ({
                type: 'message',
                content: [{ type: 'output_text', text: long(index, 20_000), logprobs: long(index, 20_000) }],
              })),
            },
          }
        : { type: 'response.output_text.delta', output_index: 0, delta: 'x' },
  },
  'messages of a run': {
    ask: askRun,
    events: 150,
    event: (index) =>
      index === 0
        ? { event: 'thread.run.created', data: RUN }
        : {
            event: 'thread.message.completed',
            data: {
              id: `msg_${index}`,
              object: 'thread.message',
              run_id: 'run_1',
              role: 'assistant',
              content: [{ type: 'text', text: { value: long(index) } }],
            },
          },
  },
  'tool calls of a run': run((index) =>
    index === 0
      ? RUN
      : {
          id: `step_${index}`,
          object: 'thread.run.step',
          run_id: 'run_1',
          status: 'completed',
          step_details: {
            type: 'tool_calls',
            tool_calls: [
              { id: `call_${index}`, type: 'code_interpreter', code_interpreter: { input: long(index) } },
            ],
          },
        },
  ),
  'items of a session': {
    ask: askSession,
    events: 150,
    event: (index) => {
      if (index === 0)
        return {
          type: 'agent.session.created',
          session: { id: 'sess_1', object: 'agent.session', status: 'idle' },
        };
      const turn = {
        id: 'turn_1',
        object: 'agent.session.turn',
        session_id: 'sess_1',
        status: 'in_progress',
      };
      if (index === 1) return { type: 'agent.session.turn.created', turn };
      return {
        type: 'agent.session.turn.item.done',
        item: {
          id: `item_${index}`,
          type: 'command_execution',
          turn_id: index % 2 === 0 ? 'turn_1' : 'turn_2',
          status: 'completed',
          command: long(index),
          output: long(index, 1_000),
        },
      };
    },
  },
};

function kept(): number {
  for (let round = 0; round < 3; round++) gc?.();
  return process.memoryUsage().heapUsed;
}

/** Sends the events and then nothing: the stream stays open. */
function fetchStream({ events, event }: HostileStream): typeof fetch {
  return () => {
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (sent >= events) return new Promise(() => undefined);
        const data = event(sent++) as { event?: string; data?: unknown };
        const named = data.event === undefined ? '' : `event: ${data.event}\n`;
        const payload = data.event === undefined ? data : data.data;
        controller.enqueue(new TextEncoder().encode(`${named}data: ${JSON.stringify(payload)}\n\n`));
        return undefined;
      },
    });
    return Promise.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
  };
}

async function measure(stream: HostileStream, mode: string): Promise<number> {
  const options = { apiKey: 'test', maxRetries: 0, fetch: fetchStream(stream) };
  const client = instrumentOpenAI(new OpenAI(options), {
    cost: false,
    captureMessageContent: mode === 'SPAN_ONLY' ? 'SPAN_ONLY' : 'NO_CONTENT',
    ...(mode === 'HOOK' ? { completionHook: () => undefined } : {}),
  });
  const iterator = (await stream.ask(client))[Symbol.asyncIterator]();
  // The first chunks make the SDK and the tables of V8 as large as they get.
  for (let read = 0; read < 3; read++) await iterator.next();
  const before = kept();
  for (let read = 3; read < stream.events; read++) {
    await iterator.next();
    if (read % 1_000 === 0) await nextTurn();
  }
  await nextTurn();
  const difference = kept() - before;
  // Open until here.
  void iterator.return?.();
  return difference;
}

trace.setGlobalTracerProvider(new TracerProvider());
context.setGlobalContextManager(new AsyncLocalStorageContextManager());
const [, , mode = 'NO_CONTENT'] = process.argv;
/** What a hook gets has a limit beyond the length of the others. */
const FOR_HOOKS = ['text of a chat', 'arguments of a tool call of a chat', 'items of a response'];
const bytes: Record<string, number> = {};
for (const [name, stream] of Object.entries(STREAMS)) {
  if (mode !== 'HOOK') bytes[name] = await measure(stream, mode);
  else if (FOR_HOOKS.includes(name)) bytes[name] = await measure({ ...stream, events: 300 }, mode);
}
console.log(JSON.stringify(bytes));
process.exit();
