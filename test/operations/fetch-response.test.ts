import { type Attributes, SpanKind } from '@opentelemetry/api';
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
    const { id } = await program.client.responses.create(HELLO);
    await program.client.responses.retrieve(id);
    expect(newest(program.telemetry, 'fetch_response').kind).toBe(SpanKind.CLIENT);
    expect(attributes(program)).toEqual({
      'gen_ai.operation.name': 'fetch_response',
      'gen_ai.provider.name': 'openai',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.response.id': id,
      'gen_ai.response.model': 'gpt-4o-2024-07-18',
      'gen_ai.response.status': 'completed',
      'openai.api.type': 'responses',
      'openai.request.id': 'req_00000000000000000000000000000002',
      'openai.response.service_tier': 'default',
      'server.address': '127.0.0.1',
    });
  });

  test('has its id when the span starts, also if it does not exist', async () => {
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
    await program.client.responses.retrieve('resp_none').catch(() => undefined);
    const known = { 'gen_ai.operation.name': 'fetch_response', 'gen_ai.response.id': 'resp_none' };
    expect(started).toMatchObject([known]);
    expect(attributes(program)).toMatchObject({ ...known, 'error.type': 'NotFoundError' });
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

  test('as a stream records at which event it was resumed, and no tokens', async () => {
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
    expect(Object.keys(attributes(program)).filter((name) => name.includes('usage'))).toEqual([]);
  });

  test('has the output of the model, its instructions and tools with consent', async () => {
    const program = await startProgram({ content: true, config: { captureMessageContent: 'SPAN_ONLY' } });
    program.simulator.respond({ output: [{ message: 'It is 4.' }] });
    const tools = [{ type: 'function' as const, name: 'add', parameters: {}, strict: true }];
    const { id } = await program.client.responses.create({ ...HELLO, instructions: 'Be brief.', tools });
    await program.client.responses.retrieve(id);
    const names = ['system_instructions', 'tool.definitions', 'output.messages'];
    const found = names.map((name) => JSON.parse(String(attributes(program)[`gen_ai.${name}`])));
    expect(found).toMatchObject([
      [{ type: 'text', content: 'Be brief.' }],
      [{ name: 'add' }],
      [{ role: 'assistant', parts: [{ type: 'text', content: 'It is 4.' }], finish_reason: 'stop' }],
    ]);
  });
});

test('other requests about a response carry its id, and its status if it is returned', async () => {
  const { client, plain, expectTree } = await startProgram();
  const { responses } = client;
  // Created by another process: only there are they part of the response's own span.
  const { id } = await plain.responses.create({ ...HELLO, background: true });
  await responses.cancel(id);
  await responses.inputItems.list(id);
  await responses.delete(id);
  await responses.inputTokens.count(HELLO);
  await expectTree(`
    POST /responses/{response_id}/cancel      gen_ai.response.id=${id} gen_ai.response.status=cancelled

    GET /responses/{response_id}/input_items  gen_ai.response.id=${id}

    DELETE /responses/{response_id}           gen_ai.response.id=${id}

    POST /responses/input_tokens
  `);
});
