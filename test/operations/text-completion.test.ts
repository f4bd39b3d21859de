import type { Attributes } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';
import { attributesOf, STREAMED_TEXT } from './recorded.ts';

const MODEL = 'gpt-3.5-turbo-instruct';
const ONCE = { model: MODEL, prompt: 'Once upon a time' };

function attributes({ telemetry }: Program): Attributes {
  return attributesOf(telemetry, `text_completion ${MODEL}`);
}

const COMMON: Attributes = {
  'gen_ai.operation.name': 'text_completion',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': MODEL,
  'gen_ai.response.finish_reasons': ['stop'],
  'gen_ai.response.id': 'cmpl-000001',
  'gen_ai.response.model': 'gpt-3.5-turbo-instruct:20230824-v2',
  'openai.request.id': 'req_00000000000000000000000000000001',
  'server.address': '127.0.0.1',
};

describe('a legacy completion', () => {
  test('is one span with its request, its result and its usage', async () => {
    const program = await startProgram();
    const { usage } = await program.client.completions.create(ONCE);
    expect(attributes(program)).toEqual({
      ...COMMON,
      'gen_ai.usage.input_tokens': usage?.prompt_tokens,
      'gen_ai.usage.output_tokens': usage?.completion_tokens,
    });
  });

  test('as a stream has the same, and its usage if the caller asked for it', async () => {
    const program = await startProgram();
    const asked = { ...ONCE, stream: true as const, stream_options: { include_usage: true } };
    const chunks = await Array.fromAsync(await program.client.completions.create(asked));
    const { usage } = chunks.at(-1) ?? {};
    expect(attributes(program)).toEqual({
      ...COMMON,
      ...STREAMED_TEXT,
      'gen_ai.usage.input_tokens': usage?.prompt_tokens,
      'gen_ai.usage.output_tokens': usage?.completion_tokens,
      'openai.stream.chunk_count': chunks.length,
    });
  });

  test('has its parameters, and one finish reason for each choice', async () => {
    const program = await startProgram();
    const asked = { frequency_penalty: 0.25, max_tokens: 3, n: 2, presence_penalty: -0.5, seed: 7 };
    // `top_k` is a parameter of compatible servers.
    const more = { stop: ['secret'], temperature: 0, top_k: 40, top_p: 0.9 };
    await program.client.completions.create({ ...ONCE, ...asked, ...more });
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

  test('has its prompts and texts with consent, streamed or not', async () => {
    const program = await startProgram({ content: true, config: { captureMessageContent: 'SPAN_ONLY' } });
    const asked = { ...ONCE, stop: 'END' };
    const { choices } = await program.client.completions.create(asked);
    await Array.fromAsync(await program.client.completions.create({ ...asked, stream: true }));
    const parts = [choices[0]?.text].map((content) => ({ type: 'text', content }));
    for (const { attributes: recorded } of program.telemetry.spans) {
      expect(recorded['gen_ai.request.stop_sequences']).toEqual(['END']);
      expect(JSON.parse(String(recorded['gen_ai.input.messages']))).toEqual([
        { role: 'user', parts: [{ type: 'text', content: 'Once upon a time' }] },
      ]);
      expect(JSON.parse(String(recorded['gen_ai.output.messages']))).toEqual([
        { role: 'assistant', parts, finish_reason: 'stop' },
      ]);
    }
  });
});
