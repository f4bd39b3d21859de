import { type Attributes, SpanKind } from '@opentelemetry/api';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';
import { attributesOf, newest } from './recorded.ts';

const HELLO = { model: 'gpt-4o', input: 'Hello there' };

function attributes({ telemetry }: Program): Attributes {
  return attributesOf(telemetry, 'fetch_response');
}

describe('a response that is fetched', () => {
  test('has its status and finish reason, but no usage: its creation has that', async () => {
    const program = await startProgram();
    const { id, usage } = await program.client.responses.create(HELLO);
    await program.client.responses.retrieve(id);
    expect(newest(program.telemetry, 'fetch_response').kind).toBe(SpanKind.CLIENT);
    expect(attributes(program)).toEqual({
      'gen_ai.operation.name': 'fetch_response',
      'gen_ai.provider.name': 'openai',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.response.id': id,
      'gen_ai.response.model': 'gpt-4o-2024-07-18',
      'gen_ai.response.status': 'completed',
      'http.response.status_code': 200,
      'openai.api.type': 'responses',
      'openai.request.id': 'req_00000000000000000000000000000002',
      'openai.response.service_tier': 'default',
      'server.address': '127.0.0.1',
    });
    const spent = program.telemetry.spans.map((span) =>
      Number(span.attributes['gen_ai.usage.input_tokens'] ?? 0),
    );
    expect(spent.reduce((sum, tokens) => sum + tokens)).toBe(usage?.input_tokens);
  });

  test('has its id when the span starts', async () => {
    const started: Attributes[] = [];
    const program = await startProgram({
      sampler: {
        shouldSample: (_context, _traceId, _name, _kind, known) => {
          started.push(known);
          return { decision: 2 };
        },
        toString: () => 'listening',
      },
    });
    const { id } = await program.client.responses.create(HELLO);
    await program.client.responses.retrieve(id);
    expect(started.at(-1)).toMatchObject({
      'gen_ai.operation.name': 'fetch_response',
      'gen_ai.response.id': id,
    });
  });

  test('whose generation failed is a successful fetch', async () => {
    const program = await startProgram();
    program.simulator.respond({ end: 'failed' });
    const { id } = await program.client.responses.create(HELLO);
    await program.client.responses.retrieve(id);
    expect(newest(program.telemetry, 'fetch_response').status).toEqual({ code: 0 });
    expect(attributes(program)).toMatchObject({
      'gen_ai.response.status': 'failed',
      'gen_ai.response.finish_reasons': ['error'],
    });
  });

  test('that does not exist is a failed fetch', async () => {
    const program = await startProgram();
    await program.client.responses.retrieve('resp_none').catch(() => undefined);
    expect(attributes(program)).toMatchObject({
      'gen_ai.response.id': 'resp_none',
      'error.type': 'NotFoundError',
    });
  });

  test('as a stream records at which event it was resumed', async () => {
    const program = await startProgram();
    const { id } = await program.client.responses.create(HELLO);
    const stream = await program.client.responses.retrieve(id, { stream: true, starting_after: 4 });
    const events = await Array.fromAsync(stream);
    expect(attributes(program)).toMatchObject({
      'gen_ai.request.stream': true,
      'gen_ai.request.stream_cursor': '4',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.response.model': 'gpt-4o-2024-07-18',
      'gen_ai.response.status': 'completed',
      'openai.stream.chunk_count': events.length,
      'openai.stream.end': 'completed',
    });
    expect(attributes(program)).not.toHaveProperty(['gen_ai.usage.input_tokens']);
  });

  test('has the output of the model, its instructions and tools with consent', async () => {
    const program = await startProgram({ content: true, config: { captureMessageContent: 'SPAN_ONLY' } });
    program.simulator.respond({ output: [{ message: 'It is 4.' }] });
    const tools = [{ type: 'function' as const, name: 'add', parameters: {}, strict: true }];
    const { id } = await program.client.responses.create({ ...HELLO, instructions: 'Be brief.', tools });
    await program.client.responses.retrieve(id);
    expect(JSON.parse(String(attributes(program)['gen_ai.system_instructions']))).toEqual([
      { type: 'text', content: 'Be brief.' },
    ]);
    expect(JSON.parse(String(attributes(program)['gen_ai.tool.definitions']))).toMatchObject([
      { name: 'add' },
    ]);
    expect(JSON.parse(String(attributes(program)['gen_ai.output.messages']))).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'It is 4.' }], finish_reason: 'stop' },
    ]);
  });
});

describe('other requests about a response', () => {
  test('carry its id, and its status if it is returned', async () => {
    const program = await startProgram();
    const { responses } = program.client;
    // Created by another process: only there are they part of the response's own span.
    const creator = new OpenAI({ apiKey: 'test', baseURL: program.simulator.url });
    const { id } = await creator.responses.create({ ...HELLO, background: true });
    await responses.cancel(id);
    expect(newest(program.telemetry, 'POST /responses/{response_id}/cancel').attributes).toMatchObject({
      'gen_ai.response.id': id,
      'gen_ai.response.status': 'cancelled',
    });
    await responses.inputItems.list(id);
    await responses.delete(id);
    await responses.inputTokens.count(HELLO);
    expect(program.telemetry.spans.map(({ name }) => name)).toEqual([
      'POST /responses/{response_id}/cancel',
      'GET /responses/{response_id}/input_items',
      'DELETE /responses/{response_id}',
      'POST /responses/input_tokens',
    ]);
  });

  test('that compact it record the tokens', async () => {
    const program = await startProgram();
    const { id, usage } = await program.client.responses.compact(HELLO);
    expect(attributesOf(program.telemetry, 'POST /responses/compact')).toMatchObject({
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.response.id': id,
      'gen_ai.usage.input_tokens': usage.input_tokens,
      'gen_ai.usage.output_tokens': usage.output_tokens,
      'gen_ai.usage.reasoning.output_tokens': usage.output_tokens_details.reasoning_tokens,
    });
  });
});
