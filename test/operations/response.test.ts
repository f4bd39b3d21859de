import { type Attributes, SpanStatusCode } from '@opentelemetry/api';
import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';
import type { ResponseScript } from '../support/simulator/index.ts';
import { attributesOf, newest, STREAMED_TEXT } from './recorded.ts';

const HELLO = { model: 'gpt-4o', input: 'Hello there' };

function attributes({ telemetry }: Program): Attributes {
  return attributesOf(telemetry, 'chat');
}

const WHOLE: Attributes = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o',
  'gen_ai.response.id': 'resp_000001',
  'gen_ai.response.model': 'gpt-4o-2024-07-18',
  'gen_ai.response.status': 'completed',
  'gen_ai.response.finish_reasons': ['stop'],
  'gen_ai.usage.input_tokens': 100,
  'gen_ai.usage.cache_read.input_tokens': 64,
  'gen_ai.usage.cache_creation.input_tokens': 32,
  'gen_ai.usage.output_tokens': 50,
  'gen_ai.usage.reasoning.output_tokens': 40,
  'openai.api.type': 'responses',
  'openai.request.id': 'req_00000000000000000000000000000001',
  'openai.response.service_tier': 'default',
  'server.address': '127.0.0.1',
};

type Call = (client: OpenAI) => Promise<unknown>;

const plain: Call = ({ responses }) => responses.create(HELLO);
const streamed: Call = async ({ responses }) =>
  Array.fromAsync(await responses.create({ ...HELLO, stream: true }));
const format = { type: 'json_schema' as const, name: 'answer', schema: { type: 'object' } };
const STREAM = { ...STREAMED_TEXT, 'openai.stream.chunk_count': expect.any(Number) as unknown as number };

describe('a response', () => {
  test.each<[how: string, Call, more: Attributes]>([
    ['plain', ({ responses }) => responses.create({ ...HELLO, metadata: { customer: 'Hello' } }), {}],
    ['of the beta of the API', ({ beta }) => beta.responses.create(HELLO), {}],
    [
      'of the parse helper',
      ({ responses }) => responses.parse({ ...HELLO, text: { format } }),
      { 'gen_ai.output.type': 'json' },
    ],
    ['streamed', streamed, STREAM],
    ['of the stream helper', ({ responses }) => responses.stream(HELLO).finalResponse(), STREAM],
  ])('is one span with the attributes of its request and its result: %s', async (_, call, more) => {
    const program = await startProgram();
    program.simulator.respond({
      usage: { prompt: 100, cached: 64, cacheWrite: 32, completion: 50, reasoning: 40 },
    });
    await program.inSpan(() => call(program.client));
    await program.expectTree(`
      program         kind=INTERNAL
      └─ chat gpt-4o  kind=CLIENT
    `);
    expect(attributes(program)).toEqual({ ...WHOLE, ...more });
  });

  test('has every parameter that affects the model', async () => {
    const program = await startProgram();
    const { conversations, responses } = program.client;
    const { id } = await conversations.create();
    await responses.create({
      ...HELLO,
      conversation: { id },
      instructions: 'Be kind.',
      max_output_tokens: 100,
      prompt: { id: 'pmpt_1', version: '2', variables: { city: 'Paris' } },
      reasoning: { effort: 'low' },
      safety_identifier: 'somebody',
      service_tier: 'flex',
      temperature: 0,
      text: { format: { type: 'json_object' } },
      top_p: 0.9,
    });
    expect(attributes(program)).toMatchObject({
      'gen_ai.conversation.id': id,
      'gen_ai.output.type': 'json',
      'gen_ai.prompt.name': 'pmpt_1',
      'gen_ai.prompt.version': '2',
      'gen_ai.request.max_tokens': 100,
      'gen_ai.request.reasoning.level': 'low',
      'gen_ai.request.temperature': 0,
      'gen_ai.request.top_p': 0.9,
      'openai.request.service_tier': 'flex',
      'openai.response.service_tier': 'flex',
    });
    expect(JSON.stringify(attributes(program))).not.toMatch(/Paris|kind|somebody/);
  });

  test('names the response that it continues', async () => {
    const program = await startProgram();
    const { id } = await program.client.responses.create(HELLO);
    await program.client.responses.create({ ...HELLO, previous_response_id: id });
    expect(attributes(program)).toMatchObject({
      'gen_ai.request.previous_response.id': id,
      'gen_ai.response.id': 'resp_000002',
    });
  });

  test('records that it compacted its conversation, or continues a compacted one', async () => {
    const program = await startProgram();
    const { responses } = program.client;
    program.simulator.respond({ output: [{ compaction: true }, { message: 'Yes.' }] });
    const { output } = await responses.create(HELLO);
    await responses.create({ model: 'gpt-4o', input: output as OpenAI.Responses.ResponseInput });
    await responses.create(HELLO);
    const compacted = program.ended('chat').map((span) => span.attributes['gen_ai.conversation.compacted']);
    expect(compacted).toEqual([true, true, undefined]);
  });
});

describe.each([
  ['plain', plain],
  ['streamed', streamed],
])('a %s response', (_, call) => {
  test.each<[string, ResponseScript, Attributes]>([
    [
      'that used hosted tools has stopped',
      {
        output: [
          { webSearch: { query: 'x' } },
          { shell: { commands: ['ls'], stdout: 'a' } },
          { message: 'Yes.' },
        ],
      },
      { 'gen_ai.response.status': 'completed', 'gen_ai.response.finish_reasons': ['stop'] },
    ],
    [
      'that asks for a function call has that finish reason',
      { output: [{ function: { name: 'secret', arguments: {} } }] },
      { 'gen_ai.response.status': 'completed', 'gen_ai.response.finish_reasons': ['tool_calls'] },
    ],
    [
      'that was cut ended for its length, and has the reason as the API spells it',
      { end: 'incomplete', incompleteReason: 'max_output_tokens' },
      {
        'gen_ai.response.status': 'incomplete',
        'gen_ai.response.finish_reasons': ['length'],
        'openai.response.incomplete_reason': 'max_output_tokens',
      },
    ],
    [
      'that failed is an error, although its HTTP request succeeded',
      { end: 'failed', error: { code: 'vector_store_timeout', message: 'secret' } },
      {
        'error.type': 'vector_store_timeout',
        'gen_ai.response.status': 'failed',
        'gen_ai.response.finish_reasons': ['error'],
      },
    ],
  ])('%s', async (_what, script, expected) => {
    const program = await startProgram();
    program.simulator.respond(script);
    await call(program.client);
    const error = expected['error.type'];
    expect(newest(program.telemetry, 'chat').status).toEqual({
      code: error === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR,
    });
    expect(attributes(program)).toMatchObject(expected);
    expect(JSON.stringify(attributes(program))).not.toContain('secret');
    const [duration] = await program.points('gen_ai.client.operation.duration');
    expect(duration?.attributes['error.type']).toBe(error);
  });
});

test('a response that the API rejects has the error code', async () => {
  const program = await startProgram();
  const asked = { ...HELLO, previous_response_id: 'resp_none' };
  await program.client.responses.create(asked).catch(() => undefined);
  await program.expectTree('chat gpt-4o  !previous_response_not_found http.response.status_code=400');
});

test('a streamed response that is left early has what was read of it', async () => {
  const program = await startProgram();
  for await (const event of await program.client.responses.create({ ...HELLO, stream: true }))
    if (event.type === 'response.output_text.delta') break;
  expect(attributes(program)).toMatchObject({
    'gen_ai.response.id': 'resp_000001',
    'gen_ai.response.model': 'gpt-4o-2024-07-18',
    'gen_ai.response.status': 'in_progress',
    'openai.stream.end': 'cancelled',
  });
  expect(attributes(program)).not.toHaveProperty(['gen_ai.usage.output_tokens']);
  expect(attributes(program)).not.toHaveProperty(['gen_ai.response.finish_reasons']);
});

test('a streamed response that an error event ends is an error', async () => {
  const program = await startProgram();
  const response = { id: 'resp_1', model: 'gpt-4o', status: 'in_progress' };
  program.simulator.next({
    sse: [
      { data: { type: 'response.created', response } },
      { data: { type: 'error', code: 'rate_limit_exceeded', message: 'secret', param: null } },
    ],
  });
  await streamed(program.client).catch(() => undefined);
  await program.expectTree('chat gpt-4o  !rate_limit_exceeded gen_ai.response.id=resp_1');
  expect(newest(program.telemetry, 'chat').status).toEqual({ code: SpanStatusCode.ERROR });
});
