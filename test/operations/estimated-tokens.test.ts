import { describe, expect, test } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';

const MODEL = 'gpt-4o-mini';
const ESTIMATED = 'openai.usage.estimated_output_tokens';

type Open = (program: Program, ask: boolean) => Promise<AsyncIterable<object>>;

const chat: Open = ({ client }, include_usage) =>
  client.chat.completions.create({
    model: MODEL,
    messages: [{ role: 'user', content: 'Hello' }],
    stream: true,
    stream_options: { include_usage },
  });
const completion: Open = ({ client }, include_usage) =>
  client.completions.create({
    model: MODEL,
    prompt: 'Hello',
    stream: true,
    stream_options: { include_usage },
  });
const response: Open = ({ client }) =>
  client.responses.create({ model: MODEL, input: 'Hello', stream: true });

/** Whether a chunk has a piece of the answer, told by each API in its way. */
const hasText = (chunk: object): boolean => /"(?:content|text|delta)":"[^"]/.test(JSON.stringify(chunk));

function attributes({ telemetry }: Program): Record<string, unknown> {
  return telemetry.spans.at(-1)?.attributes ?? {};
}

/** No token and no cost is recorded as if it were reported. */
async function expectNoUsage(program: Program): Promise<void> {
  expect(Object.keys(attributes(program)).filter((name) => /^gen_ai\.usage|cost|total/.test(name))).toEqual(
    [],
  );
  expect(await program.points('gen_ai.client.token.usage')).toEqual([]);
}

/** Reads until an answer has three pieces, then leaves. */
async function leave(stream: AsyncIterable<object>): Promise<void> {
  let pieces = 0;
  for await (const chunk of stream) if (hasText(chunk) && ++pieces === 3) break;
}

describe('the estimated output tokens', () => {
  test.each([
    ['a chat completion', chat],
    ['a legacy completion', completion],
  ])('are the chunks with content of a stream without usage: %s', async (_, open) => {
    const program = await startProgram();
    const chunks = await Array.fromAsync(await open(program, false));
    expect(attributes(program)[ESTIMATED]).toBe(chunks.filter(hasText).length);
    await expectNoUsage(program);
  });

  test.each([
    ['a chat completion', chat],
    ['a legacy completion', completion],
    ['a response', response],
  ])(
    'are those that the program read of a stream that it left, if none are reported: %s',
    async (_, open) => {
      const program = await startProgram();
      await leave(await open(program, true));
      expect(attributes(program)).toMatchObject({ [ESTIMATED]: 3, 'openai.stream.end': 'cancelled' });
      await expectNoUsage(program);
      await Array.fromAsync(await open(program, true));
      expect(attributes(program)).toHaveProperty(['gen_ai.usage.output_tokens']);
      expect(attributes(program)).not.toHaveProperty([ESTIMATED]);
    },
  );

  test('are chunks with text, reasoning, refusals, audio or tool calls, each chunk once', async () => {
    const program = await startProgram();
    const deltas: object[] = [
      { role: 'assistant', content: '' },
      { reasoning_content: 'Two' },
      { content: 'It' },
      { refusal: 'No' },
      {
        tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'add', arguments: '' } }],
      },
      { function_call: { arguments: '{' } },
      { audio: { data: '' } },
      {},
    ];
    const choices = deltas.map((delta, index) => [
      { index: 0, delta, finish_reason: index === 7 ? 'stop' : null },
      ...(index === 2 ? [{ index: 1, delta }] : []),
    ]);
    const chunks = choices.map((each) => ({ data: { id: 'chatcmpl-1', model: MODEL, choices: each } }));
    program.simulator.next({ sse: [...chunks, 'done'] });
    await Array.fromAsync(await chat(program, false));
    expect(attributes(program)[ESTIMATED]).toBe(6);
  });

  test('are not on a fetched response', async () => {
    const program = await startProgram();
    const { id } = await program.client.responses.create({ model: MODEL, input: 'Hello' });
    await leave(await program.client.responses.retrieve(id, { stream: true }));
    expect(attributes(program)).toMatchObject({ 'gen_ai.operation.name': 'fetch_response' });
    expect(attributes(program)).not.toHaveProperty([ESTIMATED]);
  });
});
