import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { withConversation } from '../../src/client.ts';
import { justAfter } from '../../src/util/clock.ts';
import { openTraces } from '../../src/util/open-traces.ts';
import { functionResults } from '../support/function-results.ts';
import { type Program, startProgram } from '../support/program.ts';
import { millisecondsOf } from '../support/times.ts';

type Message = OpenAI.Chat.ChatCompletionMessageParam;
type Chunk = OpenAI.Chat.ChatCompletionChunk;
type ToolCall = OpenAI.Chat.ChatCompletionMessageFunctionToolCall;

const MODEL = 'gpt-4o-mini';
const TOOLS = [
  {
    type: 'function' as const,
    function: { name: 'get_weather', parameters: { type: 'object', properties: {} } },
  },
];
const QUESTION: Message = { role: 'user', content: 'How is the weather?' };
const UNIQUE_ID = 'call_a9rXw2LbQm4KzVy8NcHd0PfA';

const BELOW_NOTHING = `
  chat gpt-4o-mini             gen_ai.response.finish_reasons=["tool_calls"]
  ├─ execute_tool get_weather  gen_ai.tool.call.id={call}
  └─ chat gpt-4o-mini          gen_ai.response.finish_reasons=["stop"]
`;
/** The message of one choice, as far as chunks have told it. */
function toldBy(chunks: readonly Chunk[], index = 0): Message {
  const calls: ToolCall[] = [];
  for (const delta of chunks.flatMap(({ choices }) => choices.filter((choice) => choice.index === index)))
    for (const { index: at, id, function: told } of delta.delta.tool_calls ?? []) {
      const call = calls[at] ?? { id: id ?? '', type: 'function', function: { name: '', arguments: '' } };
      call.function.name += told?.name ?? '';
      call.function.arguments += told?.arguments ?? '';
      calls[at] = call;
    }
  return { role: 'assistant', tool_calls: calls };
}

function withResults(message: Message): Message[] {
  const calls = message.role === 'assistant' ? (message.tool_calls ?? []) : [];
  const results = calls.map(({ id }): Message => ({ role: 'tool', tool_call_id: id, content: 'sunny' }));
  return [QUESTION, message, ...results];
}

function ask({ client }: Program, messages: Message[] = [QUESTION], choices = 1) {
  return client.chat.completions.create({
    model: MODEL,
    messages,
    tools: TOOLS,
    stream: true,
    ...(choices > 1 && { n: choices }),
  });
}

/** Answers inside the loop, and reads on. */
async function loop(program: Program, stream: AsyncIterable<Chunk>): Promise<void> {
  const chunks: Chunk[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
    if (chunk.choices[0]?.finish_reason === 'tool_calls')
      await loop(program, await ask(program, withResults(toldBy(chunks))));
  }
}

function piece(choice: object): { data: object } {
  return { data: { id: 'chatcmpl_1', object: 'chat.completion.chunk', model: MODEL, choices: [choice] } };
}

function called(index: number, given: string, id?: string, choice = 0): { data: object } {
  const named = id === undefined ? {} : { id, type: 'function' };
  const name = id === undefined ? {} : { name: 'get_weather' };
  const call = { index, ...named, function: { ...name, arguments: given } };
  return piece({ index: choice, delta: { tool_calls: [call] }, finish_reason: null });
}

const finished = (index = 0): { data: object } => piece({ index, delta: {}, finish_reason: 'tool_calls' });

/** Times in the order in which they should be. */
function expectTimes({ ended }: Program): void {
  const [tool] = ended('execute_tool');
  const [asking, answering] = ended('chat').toSorted(
    (one, other) => millisecondsOf(one.startTime) - millisecondsOf(other.startTime),
  );
  expect(millisecondsOf(tool?.startTime)).toBeGreaterThan(millisecondsOf(asking?.startTime));
  expect(millisecondsOf(tool?.startTime)).toBeLessThan(millisecondsOf(asking?.endTime));
  // A function never ends before it has begun, even if the clocks of the two calls differ a little.
  const begun = justAfter(millisecondsOf(tool?.startTime));
  expect(millisecondsOf(tool?.endTime)).toBeCloseTo(Math.max(millisecondsOf(answering?.startTime), begun), 3);
}

function areOpen({ telemetry }: Program): boolean[] {
  return telemetry.spans.map((span) => openTraces.isOpen(span.spanContext().traceId));
}

describe('a call that is answered before the stream of a chat completion ends', () => {
  it('is in one trace with the answer, without an active span', async () => {
    const program = await startProgram();
    await loop(program, await ask(program));
    await program.expectTree(BELOW_NOTHING);
    expectTimes(program);
    expect(areOpen(program)).toEqual([false, false, false]);
  });

  it('is in the conversation that the program names', async () => {
    const program = await startProgram();
    await withConversation('chat-1', async () => loop(program, await ask(program)));
    await program.expectTreeAtEnd(`
      conversation                 gen_ai.conversation.id=chat-1 openai.total.runs=2
      ├─ chat gpt-4o-mini
      ├─ execute_tool get_weather
      └─ chat gpt-4o-mini
    `);
  });

  it('has its arguments and result with consent', async () => {
    const program = await startProgram({ config: { captureMessageContent: 'SPAN_ONLY' }, content: true });
    program.simulator.next({
      sse: [called(0, '{"city":', 'call_1'), called(0, '"Rome"}'), finished(), 'done'],
    });
    await loop(program, await ask(program));
    await program.expectTree(`
      chat gpt-4o-mini
      ├─ execute_tool get_weather  gen_ai.tool.call.id=call_1 gen_ai.tool.call.arguments="{\\"city\\":\\"Rome\\"}" gen_ai.tool.call.result="{\\"value\\":\\"sunny\\"}"
      └─ chat gpt-4o-mini
    `);
  });

  it.each<[string, (stream: Awaited<ReturnType<typeof ask>>) => void, object, string]>([
    ['is aborted', (stream) => stream.controller.abort(), {}, 'openai.stream.end=aborted'],
    ['breaks', () => undefined, { break: 'mid-body' }, '!TypeError openai.stream.end=error'],
  ])('once, if the stream %s then', async (_, stop, how, end) => {
    const program = await startProgram();
    const usage = {
      data: { id: 'chatcmpl_1', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } },
    };
    program.simulator.next({ sse: [called(0, '{}', 'call_1'), finished(), usage, usage, 'done'], ...how });
    const stream = await ask(program);
    const chunks: Chunk[] = [];
    const read = async (): Promise<void> => {
      for await (const chunk of stream) {
        chunks.push(chunk);
        if (chunk.choices[0]?.finish_reason !== 'tool_calls') continue;
        await loop(program, await ask(program, withResults(toldBy(chunks))));
        stop(stream);
      }
    };
    await read().catch(() => undefined);
    await loop(program, await ask(program, withResults(toldBy(chunks))));
    await program.expectTree(`
      chat gpt-4o-mini             ${end}
      ├─ execute_tool get_weather  gen_ai.tool.call.id=call_1
      └─ chat gpt-4o-mini          openai.stream.end=completed

      chat gpt-4o-mini             openai.stream.end=completed
    `);
    expectTimes(program);
    expect(areOpen(program)).toEqual([false, false, false, false]);
  });

  it('of each choice when that is complete', async () => {
    const program = await startProgram();
    const second = UNIQUE_ID.replace('a9', 'b9');
    program.simulator.next({
      sse: [
        called(0, '{"city":"Rome"}', UNIQUE_ID, 0),
        called(0, '{"city":', second, 1),
        finished(0),
        called(0, '"Oslo"}', undefined, 1),
        finished(1),
        'done',
      ],
    });
    const chunks: Chunk[] = [];
    for await (const chunk of await ask(program, [QUESTION], 2)) {
      chunks.push(chunk);
      const [choice] = chunk.choices;
      if (choice?.finish_reason === 'tool_calls')
        await loop(program, await ask(program, withResults(toldBy(chunks, choice.index))));
    }
    await program.expectTree(`
      chat gpt-4o-mini
      ├─ execute_tool get_weather  gen_ai.tool.call.id=${UNIQUE_ID}
      ├─ chat gpt-4o-mini
      ├─ execute_tool get_weather  gen_ai.tool.call.id=${second}
      └─ chat gpt-4o-mini
    `);
    expect(areOpen(program)).toEqual([false, false, false, false, false]);
  });

  it('has the arguments that follow the finish reason, also if others look for calls meanwhile', async () => {
    const program = await startProgram();
    const stranger = await ask(program);
    program.simulator.next({
      sse: [called(0, '{"city":', UNIQUE_ID), finished(), called(0, '"Rome"}'), 'done'],
    });
    const chunks: Chunk[] = [];
    for await (const chunk of await ask(program)) {
      chunks.push(chunk);
      if (chunk.choices[0]?.finish_reason === 'tool_calls') await loop(program, stranger);
    }
    await loop(program, await ask(program, withResults(toldBy(chunks))));
    await program.expectTree(`
      chat gpt-4o-mini
      ├─ execute_tool get_weather  gen_ai.tool.call.id={call}
      └─ chat gpt-4o-mini

      chat gpt-4o-mini
      ├─ execute_tool get_weather  gen_ai.tool.call.id=${UNIQUE_ID}
      └─ chat gpt-4o-mini
    `);
  });
});

describe('a call that is answered before the stream of a response ends', () => {
  async function startAsking(): Promise<Program> {
    const program = await startProgram();
    program.simulator.respond(
      { output: [{ webSearch: { query: 'Rome' } }, { function: { name: 'get_weather', arguments: {} } }] },
      { output: [{ message: 'Sunny.' }] },
    );
    return program;
  }

  async function respond(
    { client }: Program,
    body: Partial<OpenAI.Responses.ResponseCreateParamsNonStreaming>,
  ): Promise<void> {
    const stream = await client.responses.create({ model: MODEL, ...body, stream: true });
    for await (const event of stream) {
      if (event.type !== 'response.completed') continue;
      const { id, output } = event.response;
      const input = functionResults(event.response, 'sunny');
      if (output.length > 1) await respond({ client } as Program, { previous_response_id: id, input });
    }
  }

  it('is in one trace with the answer, without an active span', async () => {
    const program = await startAsking();
    await respond(program, { input: 'How is the weather?' });
    await program.expectTree(`
      chat gpt-4o-mini             gen_ai.response.finish_reasons=["tool_calls"]
      ├─ execute_tool web_search   gen_ai.tool.call.id={search}
      ├─ execute_tool get_weather  gen_ai.tool.call.id={call}
      └─ chat gpt-4o-mini          gen_ai.response.finish_reasons=["stop"]
    `);
    // The answer ends first.
    const [answering, asking] = program.ended('chat');
    expect(answering?.links.map(({ context }) => context.spanId)).toEqual([asking?.spanContext().spanId]);
    expect(areOpen(program)).toEqual([false, false, false, false]);
  });
});
