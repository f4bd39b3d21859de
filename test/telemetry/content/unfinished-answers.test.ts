import type OpenAI from 'openai';
import { expect, test } from 'vitest';
import { readOutputMessages } from '../../../src/operations/chat/messages.ts';
import { readResponseOutput } from '../../../src/operations/response/content.ts';
import { openCalls } from '../../../src/sdk/call.ts';
import { startProgram } from '../../support/program.ts';
import type { Answer } from '../../support/simulator/index.ts';

const ASK = { model: 'gpt-4o', stream: true as const };

type Chunks = AsyncIterable<object> & { readonly controller: AbortController };
type Open = (client: OpenAI) => Promise<Chunks>;

const chat: Open = ({ chat: { completions } }) =>
  completions.create({ ...ASK, messages: [{ role: 'user', content: 'Hello' }] });
const complete: Open = ({ completions }) => completions.create({ ...ASK, prompt: 'Hello' });
const respond: Open = ({ responses }) => responses.create({ ...ASK, input: 'Hello' });

/** Reads on until the answer has begun, and does something then: by default, it leaves. */
const readSome =
  (pieces = 2, then?: (chunks: Chunks) => void) =>
  async (chunks: Chunks): Promise<void> => {
    let seen = 0;
    for await (const chunk of chunks)
      if (/"(?:content|text|delta)":"[^"]/.test(JSON.stringify(chunk)) && ++seen === pieces) {
        if (then === undefined) break;
        then(chunks);
      }
  };
const abort = readSome(2, ({ controller }) => controller.abort());
const readAll = async (chunks: Chunks): Promise<unknown> => Array.fromAsync(chunks).catch(() => undefined);

const CHOICES = [
  { index: 0, delta: { content: 'Yes.' } },
  { index: 1, delta: { content: 'N' } },
  { index: 0, delta: {}, finish_reason: 'stop' },
  { index: 1, delta: { content: 'o' } },
].map((choice) => ({ data: { id: 'chatcmpl-1', model: 'gpt-4o', choices: [choice] } }));

test.each<[string, Open, (chunks: Chunks) => Promise<unknown>, end: string, reasons?: string[], Answer?]>([
  ['if the program leaves the stream of a chat completion', chat, readSome(), 'cancelled'],
  ['if the program leaves the stream of a legacy completion', complete, readSome(), 'cancelled'],
  ['if the program leaves the stream of a response', respond, readSome(), 'cancelled'],
  ['if the program aborts the stream', chat, abort, 'aborted'],
  ['if the stream breaks', chat, readAll, 'error', ['error'], { break: 'mid-body' }],
  [
    'for each choice that has not ended',
    chat,
    readSome(3),
    'cancelled',
    ['stop', 'error'],
    { sse: [...CHOICES, 'done'] },
  ],
])(
  'the output message of an unfinished answer has the finish reason error: %s',
  async (_, open, read, end, reasons = ['error'], answer = {}) => {
    const config = { captureMessageContent: 'SPAN_ONLY' } as const;
    const { client, simulator, telemetry } = await startProgram({ content: true, config });
    simulator.next(answer);
    await read(await open(client));
    const attributes = telemetry.spans.at(-1)?.attributes ?? {};
    const messages = JSON.parse(String(attributes['gen_ai.output.messages'])) as { finish_reason: string }[];
    expect(messages.map(({ finish_reason }) => finish_reason)).toEqual(reasons);
    const ended = reasons.filter((reason) => reason !== 'error');
    expect(attributes['gen_ai.response.finish_reasons'] ?? []).toEqual(ended);
    expect(attributes['openai.stream.end']).toBe(end);
  },
);

test('showing an answer before its end uses up none of the limits of its span', async () => {
  const config = { captureMessageContent: 'SPAN_ONLY', maxSpanContentLength: 1_000 } as const;
  const { client, simulator, telemetry } = await startProgram({ content: true, config });
  const content = 'word '.repeat(40);
  const choice = { index: 0, delta: { content }, finish_reason: 'stop' };
  simulator.next({ sse: [{ data: { id: 'chatcmpl-1', model: 'gpt-4o', choices: [choice] } }, 'done'] });
  for await (const _ of await chat(client))
    for (let shown = 0; shown < 10; shown++) openCalls()[0]?.observation?.answerSoFar?.();
  expect(telemetry.spans[0]?.attributes['gen_ai.output.messages']).toContain(content);
});

test('the output message of a whole answer has the finish reason stop if the server sends none', () => {
  const message = { role: 'assistant', content: 'Hi' };
  const messages = [
    ...readOutputMessages({ choices: [{ index: 0, message }] }),
    ...readResponseOutput({ output: [{ type: 'message', ...message }] }),
  ];
  expect(messages.map(({ finish_reason }) => finish_reason)).toEqual(['stop', 'stop']);
});

test('the output message of a response in progress has the finish reason error', () => {
  const output = [{ type: 'message', content: 'Hi' }];
  expect(readResponseOutput({ status: 'in_progress', output })).toMatchObject([{ finish_reason: 'error' }]);
});
