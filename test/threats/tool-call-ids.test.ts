import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { withConversation, withMetadata } from '../../src/client.ts';
import { completionBody, functionCall, responseBody } from '../support/bodies.ts';
import { repeatedCalls } from '../support/function-results.ts';
import { type Program, startProgram } from '../support/program.ts';
import type { Simulator } from '../support/simulator/index.ts';
import { millisecondsOf } from '../support/times.ts';
import { twoServers } from './two-servers.ts';

/*
 * The channel: ids of tool calls and responses. A server or gateway chooses them, and some give every call the id
 * `call_0`. Alice and Bob are two users of one process: what Alice's tool gave must never reach a span of Bob's.
 */

const MODEL = 'gpt-4o-mini';
const CONFIG = { captureMessageContent: 'SPAN_ONLY', cost: false } as const;
const TOOLS = [{ type: 'function' as const, function: { name: 'get_balance', parameters: {} } }];

type InputItem = OpenAI.Responses.ResponseInputItem;
type Message = OpenAI.Chat.ChatCompletionMessageParam;

const QUESTION: InputItem = { role: 'user', content: 'And?' };

interface ToolCall {
  readonly id?: string;
  /** Its arguments, as the model writes them. */
  readonly given: string;
}

/** What the users do, over one API or one way of using it. */
interface Users {
  /** A user's request that is answered with tool calls. */
  ask(user: string, calls: readonly ToolCall[]): Promise<unknown>;
  /** The request that brings their results. */
  answer(user: string, calls: readonly ToolCall[], ...results: string[]): Promise<unknown>;
}

interface Dialect {
  readonly name: string;
  readonly of: (client: OpenAI, gateway: Simulator) => Users;
}

function items(calls: readonly ToolCall[]) {
  return calls.map(({ id = 'call_0', given }) => ({
    type: 'function_call' as const,
    id: 'fc_0',
    call_id: id,
    name: 'get_balance',
    arguments: given,
  }));
}

function outputs(calls: readonly ToolCall[], results: readonly string[]): InputItem[] {
  return results.map((output, index) => {
    return { type: 'function_call_output', call_id: calls[index]?.id ?? 'call_0', output };
  });
}

/** @param ids the response ids that the gateway gives, by user; the conversation is named where the program names it */
function responses(
  name: string,
  idOf: (user: string) => string,
  request: (
    user: string,
    calls: readonly ToolCall[],
  ) => { input?: InputItem[]; first?: object; later?: object },
): Dialect {
  return {
    name,
    of: (client, gateway) => {
      const create = (user: string, body: object, output: readonly object[]): Promise<unknown> => {
        const conversation = 'conversation' in body ? { id: body.conversation } : null;
        gateway.next({ body: responseBody(output, { id: idOf(user), conversation }) });
        return withMetadata({ userId: user }, () => client.responses.create({ model: MODEL, ...body }));
      };
      return {
        ask: (user, calls) => create(user, { input: [], ...request(user, calls).first }, items(calls)),
        answer: (user, calls, ...results) => {
          const { input = [], later } = request(user, calls);
          return create(user, { ...later, input: [...input, ...outputs(calls, results)] }, []);
        },
      };
    },
  };
}

const repeating = responses(
  'Responses, whose items the program repeats',
  () => 'resp_0',
  (_, calls) => ({ first: { input: [QUESTION] }, input: [QUESTION, ...items(calls)] }),
);
const chained = responses(
  'Responses with previous_response_id',
  (user) => `resp_${user}`,
  (user) => ({ later: { previous_response_id: `resp_${user}` } }),
);
const inConversation = responses(
  'Responses in a Conversation',
  () => 'resp_0',
  (user) => ({ first: { conversation: `conv_${user}` }, later: { conversation: `conv_${user}` } }),
);
const bare = responses(
  'Responses, where nothing but the id is known',
  () => 'resp_0',
  () => ({}),
);

/** @param within names the conversation of a user, or leaves it to the history which call is meant */
function histories(
  name: string,
  offered: object,
  within: <Result>(user: string, run: () => Result) => Result,
): Dialect {
  return {
    name,
    of: (client, gateway) => {
      const question: Message = { role: 'user', content: 'And?' };
      const asking = (calls: readonly ToolCall[]) => ({
        role: 'assistant' as const,
        content: null,
        tool_calls: calls.map(({ id = 'call_0', given }) => functionCall('get_balance', given, id)),
      });
      const complete = (
        user: string,
        messages: Message[],
        said: Parameters<typeof completionBody>[0],
      ): Promise<unknown> => {
        gateway.next({ body: completionBody(said) });
        const create = () => client.chat.completions.create({ model: MODEL, messages, ...offered });
        return withMetadata({ userId: user }, () => within(user, create));
      };
      return {
        ask: (user, calls) => complete(user, [question], asking(calls).tool_calls),
        answer: (user, calls, ...results) => {
          const tools = results.map((content, index): Message => {
            return { role: 'tool', tool_call_id: calls[index]?.id ?? 'call_0', content };
          });
          return complete(user, [question, asking(calls), ...tools], 'Done.');
        },
      };
    },
  };
}

const completions = histories('chat completions that offer tools', { tools: TOOLS }, (_, run) => run());
const named = histories('chat completions in withConversation', {}, (user, run) =>
  withConversation(`chat-${user}`, run),
);

const start = (): Promise<Program> => startProgram({ config: CONFIG, content: true });

async function startUsers({ of }: Dialect): Promise<Users & Pick<Program, 'inSpan' | 'telemetry'>> {
  const { client, simulator, inSpan, telemetry } = await start();
  return { ...of(client, simulator), inSpan, telemetry };
}

/** The user whose call it was, with what, and what came of it: in the order in which the calls ended. */
function recorded({ telemetry }: Pick<Program, 'telemetry'>): unknown[] {
  return telemetry.spans
    .filter(({ name }) => name === 'execute_tool get_balance')
    .map(({ attributes }) => [
      attributes['user.id'],
      attributes['gen_ai.tool.call.arguments'],
      attributes['gen_ai.tool.call.result'],
    ]);
}

const ALICE = [{ given: '{"account":"alice"}' }];
const BOB = [{ given: '{"account":"bob"}' }];
const SAME = [{ given: '{}' }];
const NAMED = [repeating, chained, inConversation, completions, named];

describe.each(NAMED)('a gateway that gives every call the same id, over $name,', (dialect) => {
  it('cannot make the result of one user end the call of another', async () => {
    const users = await startUsers(dialect);
    await users.ask('alice', ALICE);
    await users.ask('bob', BOB);
    await users.answer('bob', BOB, '{"of":"bob"}');
    await users.answer('alice', ALICE, '{"of":"alice"}');
    expect(recorded(users)).toEqual([
      ['bob', '{"account":"bob"}', '{"of":"bob"}'],
      ['alice', '{"account":"alice"}', '{"of":"alice"}'],
    ]);
  });

  it('cannot make a result end a call that another user was asked for', async () => {
    const users = await startUsers(dialect);
    await users.ask('alice', ALICE);
    await users.answer('bob', BOB, '{"of":"bob"}');
    expect(recorded(users)).toEqual([]);
  });

  it('cannot make a repeated request end the later call of another user', async () => {
    const users = await startUsers(dialect);
    await users.ask('alice', SAME);
    await users.answer('alice', SAME, '{"of":"alice"}');
    await users.ask('bob', SAME);
    await users.answer('alice', SAME, '{"of":"alice"}');
    expect(recorded(users)).toEqual([['alice', '{}', '{"of":"alice"}']]);
  });

  it('cannot swap the results of two calls in one answer', async () => {
    const users = await startUsers(dialect);
    await users.ask('alice', [...ALICE, ...BOB]);
    await users.answer('alice', [...ALICE, ...BOB], '"first"', '"second"');
    expect(recorded(users)).toEqual([]);
  });
});

describe.each(NAMED)('an honest server, over $name,', (dialect) => {
  it('has every call recorded with its own result, from its request to its answer', async () => {
    const users = await startUsers(dialect);
    const calls = [
      { id: 'call_a', given: '{"account":"a"}' },
      { id: 'call_b', given: '{"account":"b"}' },
    ];
    await users.ask('alice', calls);
    await users.answer('alice', calls, '{"of":"a"}', '{"of":"b"}');
    expect(recorded(users)).toEqual([
      ['alice', '{"account":"a"}', '{"of":"a"}'],
      ['alice', '{"account":"b"}', '{"of":"b"}'],
    ]);
    const { spans } = users.telemetry;
    const [asking, answering] = spans.filter(({ name }) => name === `chat ${MODEL}`);
    for (const tool of spans.filter(({ name }) => name === 'execute_tool get_balance')) {
      // Spans that touch are some microseconds apart, so that their order is kept.
      expect(millisecondsOf(tool.startTime)).toBeCloseTo(millisecondsOf(asking?.endTime), 2);
      expect(millisecondsOf(tool.endTime)).toBeCloseTo(millisecondsOf(answering?.startTime), 2);
      expect(tool.spanContext().traceId).toBe(asking?.spanContext().traceId);
    }
  });

  it('has a call recorded whose arguments the program repeats in another serialization', async () => {
    const users = await startUsers(dialect);
    await users.ask('alice', [{ given: '{ "name": "Zo\\u00eb", "limit": 1.0 }' }]);
    await users.answer('alice', [{ given: '{"name":"Zo\u00eb","limit":1}' }], '{"of":"alice"}');
    expect(recorded(users)).toEqual([['alice', '{"name":"Zo\u00eb","limit":1}', '{"of":"alice"}']]);
  });
});

describe('a gateway that gives two users the same id for the same call', () => {
  it.each([
    repeating,
    completions,
    responses(
      'Responses with previous_response_id, the same for all',
      () => 'resp_0',
      () => ({ later: { previous_response_id: 'resp_0' } }),
    ),
  ])('has neither recorded, and joins no traces: $name', async (dialect) => {
    const users = await startUsers(dialect);
    await users.ask('alice', SAME);
    await users.ask('bob', SAME);
    await users.answer('bob', SAME, '{"of":"bob"}');
    await users.answer('alice', SAME, '{"of":"alice"}');
    expect(recorded(users)).toEqual([]);
    const traces = users.telemetry.spans.map((span) => span.spanContext().traceId);
    expect(new Set(traces).size).toBe(4);
  });

  it('has both recorded if each user is in a separate trace', async () => {
    const program = await start();
    const users = repeating.of(program.client, program.simulator);
    const inTraceOf = (user: string, andThen: () => Promise<unknown> = async () => undefined) =>
      program.inSpan(async () => {
        await users.ask(user, SAME);
        await andThen();
        await users.answer(user, SAME, `{"of":"${user}"}`);
      }, user);
    await inTraceOf('alice', () => context.with(ROOT_CONTEXT, () => inTraceOf('bob')));
    expect(recorded(program)).toEqual([
      ['bob', '{}', '{"of":"bob"}'],
      ['alice', '{}', '{"of":"alice"}'],
    ]);
    const { spans } = program.telemetry;
    for (const tool of spans.filter(({ name }) => name === 'execute_tool get_balance')) {
      const root = spans.find(({ name }) => name === tool.attributes['user.id']);
      expect(tool.spanContext().traceId).toBe(root?.spanContext().traceId);
    }
  });
});

describe('a request that contains only the call id of a result', () => {
  it('ends nothing outside its trace: another user may have the same id', async () => {
    const users = await startUsers(bare);
    await users.ask('alice', ALICE);
    await users.answer('bob', BOB, '{"of":"bob"}');
    expect(recorded(users)).toEqual([]);
  });

  it('ends the call in its trace', async () => {
    const users = await startUsers(bare);
    await users.inSpan(async () => {
      await users.ask('alice', ALICE);
      await users.answer('alice', ALICE, '{"of":"alice"}');
    });
    expect(recorded(users)).toEqual([['alice', '{"account":"alice"}', '{"of":"alice"}']]);
  });
});

it.each([
  repeating,
  responses(
    'Responses with previous_response_id',
    () => 'resp_0',
    () => ({ later: { previous_response_id: 'resp_0' } }),
  ),
  inConversation,
  completions,
  named,
])(
  'two servers that use the same ids have each call recorded with the result sent to its own server: $name',
  async ({ of }) => {
    const program = await start();
    const [here, there] = (await twoServers(CONFIG)).map(({ client, server }) => of(client, server));
    await here?.ask('user', SAME);
    await there?.answer('user', SAME, '{"of":"there"}');
    expect(recorded(program)).toEqual([]);
    await here?.answer('user', SAME, '{"of":"here"}');
    expect(recorded(program)).toEqual([['user', '{}', '{"of":"here"}']]);
  },
);

describe('a history that a program sends again with every request', () => {
  it('cannot make an old result end a new call of another user', async () => {
    const program = await start();
    const users = repeating.of(program.client, program.simulator);
    await users.ask('bob', SAME);
    const old = [...items(SAME), ...outputs(SAME, ['{"of":"alice"}'])];
    const said = { role: 'assistant' as const, content: 'It is 7.' };
    const question = { role: 'user' as const, content: 'And now?' };
    await program.client.responses.create({ model: MODEL, input: [...old, said, question] });
    expect(recorded(program)).toEqual([]);
  });

  it('has every call of a turn recorded once', async () => {
    const program = await start();
    const users = repeating.of(program.client, program.simulator);
    const { responses } = program.client;
    const first = { id: 'call_1', given: '{"n":1}' };
    await users.ask('alice', [first]);
    const input: InputItem[] = [QUESTION, ...items([first]), ...outputs([first], ['{"of":"alice"}'])];
    program.simulator.respond({ output: [{ function: { name: 'get_balance', arguments: { n: 2 } } }] });
    input.push(...repeatedCalls(await responses.create({ model: MODEL, input }), '{"of":"alice"}'));
    await responses.create({ model: MODEL, input });
    expect(recorded(program).map((call) => (call as unknown[])[1])).toEqual(['{"n":1}', '{"n":2}']);
  });
});

it.each<[string, 'SPAN_ONLY' | 'NO_CONTENT', string]>([
  ['with content', 'SPAN_ONLY', 'short'],
  ['without content', 'NO_CONTENT', 'short'],
  ['whose arguments are longer than what is recorded', 'SPAN_ONLY', 'long '.repeat(20_000)],
])('a streamed response has its call recorded: %s', async (_, captureMessageContent, text) => {
  const program = await startProgram({ config: { captureMessageContent }, content: true });
  const { responses } = program.client;
  program.simulator.respond({ output: [{ function: { name: 'get_balance', arguments: { text } } }] });
  const input: InputItem[] = [{ role: 'user', content: 'And?' }];
  for await (const event of await responses.create({ model: MODEL, input, stream: true })) {
    if (event.type === 'response.completed') input.push(...repeatedCalls(event.response, '"done"'));
  }
  await responses.create({ model: MODEL, input });
  expect(recorded(program)).toHaveLength(1);
});
