import { describe, expect, test } from 'vitest';
import { readOutputMessages } from '../../../src/operations/chat/messages.ts';
import { readResponseOutput } from '../../../src/operations/response/content.ts';
import { type Program, startProgram } from '../../support/program.ts';

const ASK = { model: 'gpt-4o', stream: true as const };

type Chunks = AsyncIterable<object>;

const chat = ({ client }: Program) =>
  client.chat.completions.create({ ...ASK, messages: [{ role: 'user', content: 'Hello' }] });

const OPENED: readonly [api: string, open: (program: Program) => Promise<Chunks>][] = [
  ['chat completion', chat],
  ['legacy completion', ({ client }) => client.completions.create({ ...ASK, prompt: 'Hello' })],
  ['response', ({ client }) => client.responses.create({ ...ASK, input: 'Hello' })],
];

function start(): Promise<Program> {
  return startProgram({ content: true, config: { captureMessageContent: 'SPAN_ONLY' } });
}

/** Reads on until the answer has begun. */
async function readSome(stream: Chunks, pieces = 2): Promise<void> {
  let seen = 0;
  for await (const chunk of stream)
    if (/"(?:content|text|delta)":"[^"]/.test(JSON.stringify(chunk)) && ++seen === pieces) break;
}

function recorded({ telemetry }: Program): object {
  const attributes = telemetry.spans.at(-1)?.attributes ?? {};
  const messages = JSON.parse(String(attributes['gen_ai.output.messages'])) as { finish_reason: string }[];
  return {
    attribute: attributes['gen_ai.response.finish_reasons'],
    messages: messages.map(({ finish_reason }) => finish_reason),
    end: attributes['openai.stream.end'],
  };
}

describe('the output message of an unfinished answer has the finish reason error', () => {
  test.each(OPENED)('if the program leaves the stream: %s', async (_, open) => {
    const program = await start();
    await readSome(await open(program));
    expect(recorded(program)).toEqual({ attribute: undefined, messages: ['error'], end: 'cancelled' });
  });

  test('if the program aborts the stream', async () => {
    const program = await start();
    const stream = await chat(program);
    for await (const { choices } of stream) if (choices[0]?.delta.content) stream.controller.abort();
    expect(recorded(program)).toEqual({ attribute: undefined, messages: ['error'], end: 'aborted' });
  });

  test('if the stream breaks', async () => {
    const program = await start();
    program.simulator.next({ break: 'mid-body' });
    await expect(Array.fromAsync(await chat(program))).rejects.toThrow();
    expect(recorded(program)).toMatchObject({ attribute: undefined, messages: ['error'], end: 'error' });
  });

  test('for each choice that has not ended', async () => {
    const program = await start();
    const choices = [
      { index: 0, delta: { content: 'Yes.' } },
      { index: 1, delta: { content: 'N' } },
      { index: 0, delta: {}, finish_reason: 'stop' },
      { index: 1, delta: { content: 'o' } },
    ];
    const chunks = choices.map((each) => ({ data: { id: 'chatcmpl-1', model: 'gpt-4o', choices: [each] } }));
    program.simulator.next({ sse: [...chunks, 'done'] });
    await readSome(await chat(program), 3);
    expect(recorded(program)).toEqual({ attribute: ['stop'], messages: ['stop', 'error'], end: 'cancelled' });
  });
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
