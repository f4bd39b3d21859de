import { type Attributes, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';
import { attributesOf, newest, STREAMED } from './recorded.ts';

const HELLO = { model: 'gpt-4o', input: 'Hello there' };
const WEATHER = {
  type: 'function' as const,
  name: 'get_weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: null,
};

function attributes({ telemetry }: Program): Attributes {
  return attributesOf(telemetry, 'chat');
}

const REQUEST: Attributes = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o',
  'openai.api.type': 'responses',
  'server.address': '127.0.0.1',
};
const RESPONSE: Attributes = {
  'gen_ai.response.id': 'resp_000001',
  'gen_ai.response.model': 'gpt-4o-2024-07-18',
  'gen_ai.response.status': 'completed',
  'gen_ai.response.finish_reasons': ['stop'],
  'http.response.status_code': 200,
  'openai.request.id': 'req_00000000000000000000000000000001',
  'openai.response.service_tier': 'default',
};

describe('a response', () => {
  test('is one chat span below the span of the caller', async () => {
    const program = await startProgram();
    await program.inSpan(() => program.client.responses.create(HELLO));
    await program.expectTree(`
      program         kind=INTERNAL
      └─ chat gpt-4o  kind=CLIENT openai.api.type=responses gen_ai.response.id=resp_000001
    `);
  });

  test('has the attributes of its request and its result, without content', async () => {
    const program = await startProgram();
    const { usage } = await program.client.responses.create({ ...HELLO, metadata: { customer: 'Hello' } });
    expect(newest(program.telemetry, 'chat')).toMatchObject({ kind: SpanKind.CLIENT, status: { code: 0 } });
    expect(attributes(program)).toEqual({
      ...REQUEST,
      ...RESPONSE,
      'gen_ai.usage.input_tokens': usage?.input_tokens,
      'gen_ai.usage.output_tokens': usage?.output_tokens,
    });
  });

  test('has every parameter that affects the model', async () => {
    const program = await startProgram();
    const { client } = program;
    const conversation = await client.conversations.create();
    await client.responses.create({
      ...HELLO,
      conversation: { id: conversation.id },
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
      'gen_ai.conversation.id': conversation.id,
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

  test('counts cached, written and reasoning tokens as part of the totals', async () => {
    const program = await startProgram();
    const usage = { prompt: 100, cached: 64, cacheWrite: 32, completion: 50, reasoning: 40 };
    program.simulator.respond({ usage });
    await program.client.responses.create(HELLO);
    expect(attributes(program)).toMatchObject({
      'gen_ai.usage.input_tokens': 100,
      'gen_ai.usage.cache_read.input_tokens': 64,
      'gen_ai.usage.cache_creation.input_tokens': 32,
      'gen_ai.usage.output_tokens': 50,
      'gen_ai.usage.reasoning.output_tokens': 40,
    });
  });

  test('that asks for a function call has that finish reason', async () => {
    const program = await startProgram();
    await program.client.responses.create({ ...HELLO, tools: [WEATHER] });
    expect(attributes(program)).toMatchObject({
      'gen_ai.response.status': 'completed',
      'gen_ai.response.finish_reasons': ['tool_calls'],
    });
    expect(JSON.stringify(attributes(program))).not.toContain('get_weather');
  });

  test('that used hosted tools has the finish reason stop', async () => {
    const program = await startProgram();
    program.simulator.respond({
      output: [
        { webSearch: { query: 'x' } },
        { shell: { commands: ['ls'], stdout: 'a' } },
        { message: 'Yes.' },
      ],
    });
    await program.client.responses.create(HELLO);
    expect(attributes(program)['gen_ai.response.finish_reasons']).toEqual(['stop']);
  });

  test('that was cut ended for its length, and has the reason as the API spells it', async () => {
    const program = await startProgram();
    program.simulator.respond({ end: 'incomplete', incompleteReason: 'max_output_tokens' });
    await program.client.responses.create(HELLO);
    expect(newest(program.telemetry, 'chat').status.code).toBe(SpanStatusCode.UNSET);
    expect(attributes(program)).toMatchObject({
      'gen_ai.response.status': 'incomplete',
      'gen_ai.response.finish_reasons': ['length'],
      'openai.response.incomplete_reason': 'max_output_tokens',
    });
  });

  test('that failed is an error, although its HTTP request succeeded', async () => {
    const program = await startProgram();
    program.simulator.respond({ end: 'failed', error: { code: 'vector_store_timeout', message: 'secret' } });
    await program.client.responses.create(HELLO);
    expect(newest(program.telemetry, 'chat').status).toEqual({ code: SpanStatusCode.ERROR });
    expect(attributes(program)).toMatchObject({
      'error.type': 'vector_store_timeout',
      'gen_ai.response.status': 'failed',
      'gen_ai.response.finish_reasons': ['error'],
      'http.response.status_code': 200,
    });
    expect(JSON.stringify(attributes(program))).not.toContain('secret');
    const duration = (await program.telemetry.metrics()).find(
      ({ descriptor }) => descriptor.name === 'gen_ai.client.operation.duration',
    );
    expect(duration?.dataPoints[0]?.attributes['error.type']).toBe('vector_store_timeout');
  });

  test('that the API rejects has the error code', async () => {
    const program = await startProgram();
    await program.client.responses
      .create({ ...HELLO, previous_response_id: 'resp_none' })
      .catch(() => undefined);
    expect(attributes(program)).toMatchObject({
      'error.type': 'previous_response_not_found',
      'http.response.status_code': 400,
    });
  });

  test('records that it compacted its conversation, or continues a compacted one', async () => {
    const program = await startProgram();
    program.simulator.respond({ output: [{ compaction: true }, { message: 'Yes.' }] });
    const { output } = await program.client.responses.create(HELLO);
    expect(attributes(program)['gen_ai.conversation.compacted']).toBe(true);
    await program.client.responses.create({
      model: 'gpt-4o',
      input: output as OpenAI.Responses.ResponseInput,
    });
    expect(attributes(program)['gen_ai.conversation.compacted']).toBe(true);
    await program.client.responses.create(HELLO);
    expect(attributes(program)).not.toHaveProperty(['gen_ai.conversation.compacted']);
  });

  test('is the same with the parse helper and in the beta of the API', async () => {
    const program = await startProgram();
    const format = { type: 'json_schema' as const, name: 'answer', schema: { type: 'object' } };
    await program.client.responses.parse({ ...HELLO, text: { format } });
    expect(attributes(program)).toMatchObject({ ...REQUEST, ...RESPONSE, 'gen_ai.output.type': 'json' });
    await program.client.beta.responses.create(HELLO);
    expect(attributes(program)).toMatchObject({ ...REQUEST, 'gen_ai.response.id': 'resp_000002' });
    expect(program.telemetry.spans.map(({ name }) => name)).toEqual(['chat gpt-4o', 'chat gpt-4o']);
  });
});

describe('a streamed response', () => {
  test('has the attributes of a plain one, and those of its stream', async () => {
    const program = await startProgram();
    program.simulator.respond({ usage: { prompt: 20, completion: 10, reasoning: 4 } });
    const events = await Array.fromAsync(await program.client.responses.create({ ...HELLO, stream: true }));
    expect(attributes(program)).toEqual({
      ...REQUEST,
      ...RESPONSE,
      ...STREAMED,
      'gen_ai.usage.input_tokens': 20,
      'gen_ai.usage.output_tokens': 10,
      'gen_ai.usage.reasoning.output_tokens': 4,
      'openai.stream.chunk_count': events.length,
    });
  });

  test('is the same with the SDK helper', async () => {
    const program = await startProgram();
    const { usage } = await program.client.responses.stream(HELLO).finalResponse();
    expect(attributes(program)).toMatchObject({
      ...REQUEST,
      ...RESPONSE,
      ...STREAMED,
      'gen_ai.usage.output_tokens': usage?.output_tokens,
    });
  });

  test.each<['failed' | 'incomplete', Attributes]>([
    ['failed', { 'error.type': 'server_error', 'gen_ai.response.finish_reasons': ['error'] }],
    [
      'incomplete',
      {
        'gen_ai.response.finish_reasons': ['length'],
        'openai.response.incomplete_reason': 'max_output_tokens',
      },
    ],
  ])('that ends %s records that', async (end, expected) => {
    const program = await startProgram();
    program.simulator.respond({ end });
    await Array.fromAsync(await program.client.responses.create({ ...HELLO, stream: true }));
    expect(attributes(program)).toMatchObject({ ...expected, 'gen_ai.response.status': end });
    expect(newest(program.telemetry, 'chat').status.code).toBe(
      end === 'failed' ? SpanStatusCode.ERROR : SpanStatusCode.UNSET,
    );
  });

  test('that is left early has what was read of it', async () => {
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

  test('that an error event ends is an error', async () => {
    const program = await startProgram();
    program.simulator.next({
      sse: [
        {
          data: {
            type: 'response.created',
            response: { id: 'resp_1', model: 'gpt-4o', status: 'in_progress' },
          },
        },
        { data: { type: 'error', code: 'rate_limit_exceeded', message: 'secret', param: null } },
      ],
    });
    await Array.fromAsync(await program.client.responses.create({ ...HELLO, stream: true })).catch(
      () => undefined,
    );
    expect(newest(program.telemetry, 'chat').status).toEqual({ code: SpanStatusCode.ERROR });
    expect(attributes(program)).toMatchObject({
      'error.type': 'rate_limit_exceeded',
      'gen_ai.response.id': 'resp_1',
    });
  });
});
