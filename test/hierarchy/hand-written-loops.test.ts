import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import type OpenAI from 'openai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { withConversation } from '../../src/client.ts';
import { openTraces } from '../../src/util/open-traces.ts';
import { completionBody, functionCall } from '../support/bodies.ts';
import { type Program, startProgram } from '../support/program.ts';
import type { SessionOptions } from '../support/session.ts';

type Message = OpenAI.Chat.ChatCompletionMessageParam;
type AskingMessage = OpenAI.Chat.ChatCompletionAssistantMessageParam;
type ToolCall = OpenAI.Chat.ChatCompletionMessageFunctionToolCall;

const MODEL = 'gpt-4o-mini';
const TOOLS = ['get_weather', 'get_time'].map((name) => ({
  type: 'function' as const,
  function: { name, parameters: { type: 'object', properties: {} } },
}));
const QUESTION: Message = { role: 'user', content: 'How is the weather, and what time is it?' };

function called(id: string, name = 'get_weather'): ToolCall {
  return functionCall(name, `{"of":"${id}"}`, id);
}

/** Queues an answer of the model: the calls that it asks for, or text. */
function answer({ simulator }: Program, ...calls: readonly ToolCall[]): void {
  simulator.next({ body: completionBody(calls.length > 0 ? calls : 'Done.') });
}

/** One request, and the history with the answer and the results of what it asks for. */
async function round({ client }: Program, messages: readonly Message[]): Promise<Message[]> {
  const completion = await client.chat.completions.create({
    model: MODEL,
    messages: [...messages],
    tools: TOOLS,
  });
  return withResults(messages, completion.choices[0]?.message);
}

function withResults(messages: readonly Message[], message: AskingMessage | undefined): Message[] {
  const results = (message?.tool_calls ?? []).map(
    ({ id }): Message => ({ role: 'tool', tool_call_id: id, content: `{"result":"${id}"}` }),
  );
  return message === undefined ? [...messages] : [...messages, message, ...results];
}

/** Asks again until the model asks for nothing. */
async function loop(program: Program, messages: readonly Message[] = [QUESTION]): Promise<Message[]> {
  const history = await round(program, messages);
  return history.at(-1)?.role === 'tool' ? loop(program, history) : history;
}

async function streamedRound({ client }: Program, messages: readonly Message[]): Promise<Message[]> {
  const stream = client.chat.completions.stream({ model: MODEL, messages: [...messages], tools: TOOLS });
  return withResults(messages, (await stream.finalChatCompletion()).choices[0]?.message);
}

function start(options: SessionOptions = {}): Promise<Program> {
  return startProgram({ config: { captureMessageContent: 'SPAN_ONLY' }, content: true, ...options });
}

function traces({ telemetry }: Program): number {
  return new Set(telemetry.spans.map((span) => span.spanContext().traceId)).size;
}

const ONE_ROUND = `
  chat gpt-4o-mini             gen_ai.response.finish_reasons=["tool_calls"]
  ├─ execute_tool get_weather  gen_ai.tool.call.id={call} gen_ai.tool.type=function openai.tool.type=function
  └─ chat gpt-4o-mini          gen_ai.response.finish_reasons=["stop"]
`;

afterEach(() => vi.useRealTimers());

describe('a loop by hand on chat completions', () => {
  it.each<[string, (program: Program) => Promise<unknown>]>([
    ['with plain answers', loop],
    [
      'with streamed answers',
      async (program) => streamedRound(program, await streamedRound(program, [QUESTION])),
    ],
  ])('is one trace with its tool calls, without any helper or active span: %s', async (_, run) => {
    const program = await startProgram();
    await run(program);
    await program.expectTree(ONE_ROUND);
  });

  it.each<[string, (history: Message[]) => Message[]]>([
    [
      'come before the last message of the model',
      (history) => [...history, { role: 'assistant', content: 'It is sunny.' }, QUESTION],
    ],
    ['lack the message that asked', (history) => history.filter(({ role }) => role !== 'assistant')],
  ])('records nothing and joins nothing if the results %s', async (_, change) => {
    const program = await startProgram();
    const history = await round(program, [QUESTION]);
    await program.inSpan(() => round(program, change(history)));
    await program.expectTree(`
      chat gpt-4o-mini

      program
      └─ chat gpt-4o-mini
    `);
  });

  it('has no calls that a request offered no tools for, whatever others wait for', async () => {
    const program = await startProgram();
    const { client } = program;
    const ask = (messages: readonly Message[]) =>
      client.chat.completions.create({ model: MODEL, messages: [...messages] });
    answer(program, called('call_of_another_user'));
    await program.inSpan(() => round(program, [QUESTION]), 'another user');
    answer(program, called('call_of_the_server'));
    answer(program, called('second_call_of_the_server'));
    answer(program);
    await program.inSpan(async () => {
      const asking = await ask([QUESTION]);
      const history = withResults([QUESTION], asking.choices[0]?.message);
      const askingAgain = await ask(history);
      await ask(withResults(history, askingAgain.choices[0]?.message));
    });
    await program.expectTree(`
      another user
      └─ chat gpt-4o-mini

      program
      ├─ chat gpt-4o-mini
      ├─ chat gpt-4o-mini
      └─ chat gpt-4o-mini
    `);
  });

  it('has the calls of custom tools', async () => {
    const program = await startProgram();
    const custom = { id: 'call_1', type: 'custom', custom: { name: 'run_sql', input: 'SELECT 1' } };
    answer(program, custom as unknown as ToolCall);
    await loop(program);
    await program.expectTree(`
      chat gpt-4o-mini
      ├─ execute_tool run_sql  gen_ai.tool.type=function openai.tool.type=custom
      └─ chat gpt-4o-mini
    `);
  });

  it('continues in its trace with a request that is repeated because it has failed', async () => {
    const program = await startProgram();
    const history = await round(program, [QUESTION]);
    for (const _ of [1, 2]) {
      program.simulator.next({ status: 500, body: { error: { message: 'Busy.' } } });
      await expect(round(program, history)).rejects.toThrow('Busy.');
    }
    answer(program, called('call_2', 'get_time'));
    answer(program);
    await loop(program, history);
    await program.expectTree(`
      chat gpt-4o-mini
      ├─ execute_tool get_weather  gen_ai.tool.call.id=call_000001
      ├─ chat gpt-4o-mini          !InternalServerError
      ├─ chat gpt-4o-mini          !InternalServerError
      ├─ chat gpt-4o-mini
      ├─ execute_tool get_time     gen_ai.tool.call.id=call_2
      └─ chat gpt-4o-mini
    `);
  });

  it('has the calls of two loops that run at once in a trace and share ids and arguments', async () => {
    const program = await start();
    answer(program, called('call_0'));
    answer(program, called('call_0'));
    await program.inSpan(async () => {
      const rome = await round(program, [{ role: 'user', content: 'In Rome?' }]);
      const oslo = await round(program, [{ role: 'user', content: 'In Oslo?' }]);
      await round(program, rome);
      await round(program, oslo);
    });
    await program.expectTree(`
      program
      ├─ chat gpt-4o-mini
      ├─ execute_tool get_weather
      ├─ chat gpt-4o-mini
      ├─ execute_tool get_weather
      ├─ chat gpt-4o-mini
      └─ chat gpt-4o-mini
    `);
  });

  it('joins no trace with the calls of two others', async () => {
    const program = await start();
    answer(program, called('call_1'));
    answer(program, called('call_2'));
    await round(program, [QUESTION]);
    await round(program, [QUESTION]);
    const both = { role: 'assistant' as const, tool_calls: [called('call_1'), called('call_2')] };
    await round(program, withResults([QUESTION], both));
    await program.expectTree(`
      chat gpt-4o-mini
      └─ execute_tool get_weather

      chat gpt-4o-mini
      └─ execute_tool get_weather

      chat gpt-4o-mini
    `);
  });

  it('measures its tools where only a meter listens', async () => {
    const program = await startProgram({ sampler: new AlwaysOffSampler() });
    await loop(program);
    expect(await program.points('gen_ai.execute_tool.duration')).toMatchObject([{ count: 1 }]);
  });
});

describe('a trace is open', () => {
  const traceIdOf = ({ telemetry }: Program): string => telemetry.spans[0]?.spanContext().traceId ?? '';

  it('while a call of it is pending, and while the request that answers it is in progress', async () => {
    const program = await startProgram();
    const history = await round(program, [QUESTION]);
    expect(openTraces.isOpen(traceIdOf(program))).toBe(true);
    const answering = program.client.chat.completions.create({ model: MODEL, messages: history });
    expect(openTraces.isOpen(traceIdOf(program))).toBe(true);
    await answering;
    expect(openTraces.isOpen(traceIdOf(program))).toBe(false);
  });

  it.each([
    ['fails', [false]],
    ['is repeated until it succeeds', [false, false, true]],
  ])('no longer than the request that answers it, if that %s', async (_, outcomes) => {
    for (const conversation of [undefined, 'chat-1']) {
      const program = await startProgram({ config: { conversationSpans: 'never' } });
      const run = async (): Promise<void> => {
        const history = await round(program, [QUESTION]);
        for (const succeeds of outcomes) {
          if (!succeeds) program.simulator.next({ status: 400, body: { error: { message: 'No.' } } });
          await round(program, history).catch(() => undefined);
          expect(openTraces.isOpen(traceIdOf(program))).toBe(false);
        }
      };
      await (conversation === undefined ? run() : withConversation(conversation, run));
      expect(traces(program)).toBe(1);
    }
  });

  it('no longer than the request that answers it, if its result is not known', async () => {
    const program = await startProgram();
    const messages = await round(program, [QUESTION]);
    await program.client.chat.completions.create({ model: MODEL, messages }).asResponse();
    await vi.waitFor(() => expect(openTraces.isOpen(traceIdOf(program))).toBe(false));
    answer(program);
    await round(program, messages);
    expect(traces(program)).toBe(2);
  });

  it('no longer than a call is kept', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'Date'] });
    const program = await startProgram();
    await round(program, [QUESTION]);
    vi.advanceTimersByTime(600_000);
    await round(program, [QUESTION]);
    expect(openTraces.isOpen(traceIdOf(program))).toBe(false);
  });
});
