import { metrics } from '@opentelemetry/api';
import { ParentBasedSampler, type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace';
import type OpenAI from 'openai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { completionBody, functionCall, responseBody } from '../support/bodies.ts';
import { type Program, startProgram } from '../support/program.ts';

/*
 * The channel: answers to tool calls that this process does not know, from servers that repeat call ids. Bob's result must
 * not be taken for that of Alice, who was asked the same.
 */

const MODEL = 'gpt-4o-mini';
/** As OpenAI gives them to one call only. */
const UNIQUE = 'call_T9rXw2LbQm4KzVy8NcHd0PfA';
const REPEATED = 'call_0';
const TOOLS = [{ type: 'function' as const, function: { name: 'my_orders', parameters: {} } }];

/** Two requests of a user's loop over one API. */
interface Loop {
  ask(program: Program, user: string, id: string): Promise<unknown>;
  answer(program: Program, user: string, id: string): Promise<unknown>;
}

type Message = OpenAI.Chat.ChatCompletionMessageParam;

const question = (user: string) => ({ role: 'user' as const, content: `I am ${user}. What did I order?` });

const ordersOf = (user: string): string => `{"of":"${user}"}`;

/** A step before, whose result is the same for every user. */
const LOGIN = { id: 'call_00', name: 'login', result: 'ok' };

const asking = (id: string, name = 'my_orders') => ({
  role: 'assistant' as const,
  content: null,
  tool_calls: [functionCall(name, '{}', id)],
});

const told = (id: string, content: string) => ({ role: 'tool' as const, tool_call_id: id, content });

async function complete(
  { client, simulator }: Program,
  messages: Message[],
  said: Parameters<typeof completionBody>[0],
): Promise<void> {
  simulator.next({ body: completionBody(said) });
  await client.chat.completions.create({ model: MODEL, messages, tools: TOOLS });
}

/** @param steps what comes before the call */
const completionsAfter = (...steps: readonly Message[]): Loop => ({
  ask: (program, user, id) => complete(program, [question(user), ...steps], asking(id).tool_calls),
  answer: (program, user, id) =>
    complete(program, [question(user), ...steps, asking(id), told(id, ordersOf(user))], 'Done.'),
});

function respond(
  { client, simulator }: Program,
  input: OpenAI.Responses.ResponseCreateParams['input'],
  output: readonly object[],
): Promise<unknown> {
  simulator.next({ body: responseBody(output, { id: 'resp_0' }) });
  return client.responses.create({ model: MODEL, input: input ?? [], store: false });
}

const calling = (call_id: string, name = 'my_orders') => ({
  type: 'function_call' as const,
  call_id,
  name,
  arguments: '{}',
});

const output = (call_id: string, given: string) => ({
  type: 'function_call_output' as const,
  call_id,
  output: given,
});

const responsesAfter = (...steps: readonly OpenAI.Responses.ResponseInputItem[]): Loop => ({
  ask: (program, user, id) =>
    respond(program, steps.length === 0 ? question(user).content : [question(user), ...steps], [calling(id)]),
  answer: (program, user, id) =>
    respond(program, [question(user), ...steps, calling(id), output(id, ordersOf(user))], []),
});

const LOOPS: [string, Loop][] = [
  ['chat completions', completionsAfter()],
  [
    'chat completions in the second step',
    completionsAfter(asking(LOGIN.id, LOGIN.name), told(LOGIN.id, LOGIN.result)),
  ],
  ['Responses', responsesAfter()],
  [
    'Responses in the second step',
    responsesAfter(calling(LOGIN.id, LOGIN.name), output(LOGIN.id, LOGIN.result)),
  ],
];

function start(sampler?: Sampler): Promise<Program> {
  const sampled = sampler === undefined ? {} : { sampler };
  return startProgram({ config: { captureMessageContent: 'SPAN_ONLY' }, content: true, ...sampled });
}

const ALONE = `
  chat ${MODEL}

  chat ${MODEL}
`;
const LOOP = `
  chat ${MODEL}
  ├─ execute_tool my_orders  gen_ai.tool.call.result=${JSON.stringify(ordersOf('alice'))}
  └─ chat ${MODEL}
`;

afterEach(() => vi.useRealTimers());

describe.each(LOOPS)('in a loop over %s, the result of a user', (_, loop) => {
  it('is not taken for that of another if the calls are not sampled', async () => {
    let roots = 0;
    const decide = {
      shouldSample: () => ({
        decision: roots++ === 0 ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD,
      }),
    };
    const program = await start(new ParentBasedSampler({ root: { ...decide, toString: () => 'the first' } }));
    // Without a meter, nobody hears of calls that are not sampled.
    metrics.disable();
    // Both say the same.
    await loop.ask(program, 'alice', REPEATED);
    await loop.ask(program, 'alice', REPEATED);
    await loop.answer(program, 'alice', REPEATED);
    await program.expectTree(`chat ${MODEL}`);
  });

  it('is not taken for that of another whose call another process knows', async () => {
    const program = await start();
    await loop.ask(program, 'alice', REPEATED);
    await loop.answer(program, 'bob', REPEATED);
    await program.expectTree(ALONE);
  });

  it('is not taken for that of another if it comes when nothing is known of its call', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'Date'] });
    const program = await start();
    await loop.ask(program, 'bob', REPEATED);
    vi.advanceTimersByTime(660_000);
    await loop.ask(program, 'carol', 'call_1');
    vi.advanceTimersByTime(660_000);
    await loop.ask(program, 'alice', REPEATED);
    await loop.answer(program, 'bob', REPEATED);
    expect(program.telemetry.spans.map(({ name }) => name)).toEqual(Array(4).fill(`chat ${MODEL}`));
    expect(new Set(program.telemetry.spans.map((span) => span.spanContext().traceId)).size).toBe(4);
  });

  it('is recorded in the trace of its call, be the id unique or not', async () => {
    for (const id of [REPEATED, UNIQUE]) {
      const program = await start();
      await loop.ask(program, 'alice', id);
      await loop.answer(program, 'alice', id);
      await program.expectTree(LOOP);
    }
  });
});
