import { trace } from '@opentelemetry/api';
import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { repeatedCalls } from '../support/function-results.ts';
import { type Program, startProgram } from '../support/program.ts';
import { millisecondsOf } from '../support/times.ts';
import { twoServers } from './two-servers.ts';
import {
  completions,
  type Dialect,
  inNamed,
  items,
  MODEL,
  outputs,
  repeating,
  responses,
  type Users,
} from './users.ts';

/*
 * The channel: ids of tool calls and responses. A server or gateway chooses them, and some give every call the id
 * `call_0`. Alice and Bob are two users of one process: what Alice's tool gave must never reach a span of Bob's.
 */

const CONFIG = { captureMessageContent: 'SPAN_ONLY', cost: false } as const;

type InputItem = OpenAI.Responses.ResponseInputItem;

const repeated = repeating('Responses, whose items the program repeats');
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
/** The gateway gives all responses the same id. */
const chainedAlike = responses(
  'Responses with previous_response_id, the same for all',
  () => 'resp_0',
  () => ({ later: { previous_response_id: 'resp_0' } }),
);
const offered = completions('chat completions that offer tools');
const named = inNamed('chat completions in withConversation');

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
const NAMED = [repeated, chained, inConversation, offered, named];

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

it.each([repeated, offered, chainedAlike])(
  'a gateway that gives two users the same id for the same call has neither recorded, and joins no traces: $name',
  async (dialect) => {
    const users = await startUsers(dialect);
    await users.ask('alice', SAME);
    await users.ask('bob', SAME);
    await users.answer('bob', SAME, '{"of":"bob"}');
    await users.answer('alice', SAME, '{"of":"alice"}');
    expect(recorded(users)).toEqual([]);
    const traces = users.telemetry.spans.map((span) => span.spanContext().traceId);
    expect(new Set(traces).size).toBe(4);
  },
);

describe('a request that contains only the call id of a result', () => {
  it('ends nothing outside its trace: another user may have the same id', async () => {
    const users = await startUsers(bare);
    await users.ask('alice', ALICE);
    await users.answer('bob', BOB, '{"of":"bob"}');
    expect(recorded(users)).toEqual([]);
  });

  it('ends nothing where no SDK records spans: all spans of the program have the same invalid trace id', async () => {
    const { client, simulator, points, warnings } = await start();
    trace.disable();
    const users = bare.of(client, simulator);
    const inSpan = (run: () => Promise<unknown>): Promise<unknown> =>
      trace.getTracer('program').startActiveSpan('request', run);
    await inSpan(() => users.ask('alice', ALICE));
    await inSpan(() => users.answer('bob', BOB, '{"of":"bob"}'));
    expect(await points('gen_ai.execute_tool.duration')).toEqual([]);
    warnings.length = 0;
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

it.each([repeated, chainedAlike, inConversation, offered, named])(
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

it('a history that a program sends again cannot make an old result end a new call of another user', async () => {
  const program = await start();
  const users = repeated.of(program.client, program.simulator);
  await users.ask('bob', SAME);
  const old = [...items(SAME), ...outputs(SAME, ['{"of":"alice"}'])];
  const said = { role: 'assistant' as const, content: 'It is 7.' };
  const question = { role: 'user' as const, content: 'And now?' };
  await program.client.responses.create({ model: MODEL, input: [...old, said, question] });
  expect(recorded(program)).toEqual([]);
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
