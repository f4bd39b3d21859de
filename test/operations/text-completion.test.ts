import type { Attributes } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';
import { attributesOf } from './recorded.ts';

const ONCE = { model: 'gpt-3.5-turbo-instruct', prompt: 'Once upon a time' };

function attributes({ telemetry }: Program): Attributes {
  return attributesOf(telemetry, 'text_completion');
}

const COMMON: Attributes = {
  'gen_ai.operation.name': 'text_completion',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-3.5-turbo-instruct',
  'gen_ai.response.finish_reasons': ['stop'],
  'gen_ai.response.id': 'cmpl-000001',
  'gen_ai.response.model': 'gpt-3.5-turbo-instruct:20230824-v2',
  'http.response.status_code': 200,
  'openai.request.id': 'req_00000000000000000000000000000001',
  'server.address': '127.0.0.1',
};

describe('a legacy completion', () => {
  test('is one span with its request, its result and its usage', async () => {
    const program = await startProgram();
    const { usage } = await program.client.completions.create(ONCE);
    expect(program.telemetry.spans.map(({ name }) => name)).toEqual([
      'text_completion gpt-3.5-turbo-instruct',
    ]);
    expect(attributes(program)).toEqual({
      ...COMMON,
      'gen_ai.usage.input_tokens': usage?.prompt_tokens,
      'gen_ai.usage.output_tokens': usage?.completion_tokens,
    });
  });

  test('has its parameters, and one finish reason for each choice', async () => {
    const program = await startProgram();
    await program.client.completions.create({
      ...ONCE,
      frequency_penalty: 0.25,
      max_tokens: 3,
      n: 2,
      presence_penalty: -0.5,
      seed: 7,
      stop: ['secret'],
      temperature: 0,
      top_p: 0.9,
      // Of compatible servers.
      ...{ top_k: 40 },
    });
    expect(attributes(program)).toMatchObject({
      'gen_ai.request.choice.count': 2,
      'gen_ai.request.frequency_penalty': 0.25,
      'gen_ai.request.max_tokens': 3,
      'gen_ai.request.presence_penalty': -0.5,
      'gen_ai.request.seed': 7,
      'gen_ai.request.temperature': 0,
      'gen_ai.request.top_k': 40,
      'gen_ai.request.top_p': 0.9,
      'gen_ai.response.finish_reasons': ['length', 'length'],
    });
    expect(JSON.stringify(attributes(program))).not.toMatch(/secret|upon/);
  });

  test('has the service tier that a server reports', async () => {
    const program = await startProgram();
    const choices = [{ index: 0, text: 'Hello', finish_reason: 'stop', logprobs: null }];
    const usage = { prompt_tokens: 4, completion_tokens: 1, total_tokens: 5 };
    program.simulator.next({
      body: { id: 'cmpl-1', model: ONCE.model, service_tier: 'flex', choices, usage },
    });
    await program.client.completions.create(ONCE);
    expect(attributes(program)).toMatchObject({ 'openai.response.service_tier': 'flex' });
  });

  test('as a stream has the same, and its usage if the caller asked for it', async () => {
    const program = await startProgram();
    const stream = await program.client.completions.create({
      ...ONCE,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await Array.fromAsync(stream);
    expect(attributes(program)).toEqual({
      ...COMMON,
      'gen_ai.request.stream': true,
      'gen_ai.response.time_to_first_chunk': expect.any(Number),
      'gen_ai.usage.input_tokens': chunks.at(-1)?.usage?.prompt_tokens,
      'gen_ai.usage.output_tokens': chunks.at(-1)?.usage?.completion_tokens,
      'openai.stream.chunk_count': chunks.length,
      'openai.stream.chunk_gap_max': expect.any(Number),
      'openai.stream.chunk_gap_mean': expect.any(Number),
      'openai.stream.end': 'completed',
    });
  });

  test('has its prompts and texts with consent, streamed or not', async () => {
    const program = await startProgram({ content: true, config: { captureMessageContent: 'SPAN_ONLY' } });
    const { choices } = await program.client.completions.create({ ...ONCE, stop: 'END' });
    await Array.fromAsync(await program.client.completions.create({ ...ONCE, stop: 'END', stream: true }));
    for (const span of program.telemetry.spans) {
      expect(span.attributes['gen_ai.request.stop_sequences']).toEqual(['END']);
      expect(JSON.parse(String(span.attributes['gen_ai.input.messages']))).toEqual([
        { role: 'user', parts: [{ type: 'text', content: 'Once upon a time' }] },
      ]);
      expect(JSON.parse(String(span.attributes['gen_ai.output.messages']))).toEqual([
        { role: 'assistant', parts: [{ type: 'text', content: choices[0]?.text }], finish_reason: 'stop' },
      ]);
    }
  });
});
