import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { HELLO, useMalformedSession } from '../support/use-session.ts';

const session = useMalformedSession();

type Parameters = OpenAI.Chat.ChatCompletionCreateParamsNonStreaming;

/** What is on the one span besides what every call has. */
function attributes(): Record<string, unknown> {
  expect(session().spans).toHaveLength(1);
  return { ...session().spans[0]?.attributes };
}

/** Sends a body and answers with another, on both clients; the results are the same. */
async function exchange(body: unknown, answer: unknown): Promise<void> {
  const results: unknown[] = [];
  for (const client of [session().plain, session().client]) {
    session().simulator.next(answer === undefined ? {} : { body: answer });
    results.push(await client.chat.completions.create(body as Parameters).catch(String));
  }
  const withoutId = (result: unknown): unknown =>
    typeof result === 'object' && result !== null ? { ...result, id: undefined, created: undefined } : result;
  expect(withoutId(results[1])).toEqual(withoutId(results[0]));
}

describe('an invalid request loses only its own attributes', () => {
  test.each<[string, unknown]>([
    ['a text', 'Hello'],
    ['a list', [1, 2]],
    ['nothing in it', {}],
    [
      'wrong types throughout',
      {
        model: 5,
        messages: 'Hello',
        tools: { a: 1 },
        stop: { a: 1 },
        n: 'many',
        temperature: 'hot',
        seed: 1.5,
        response_format: 'json',
        modalities: 'audio',
        reasoning_effort: {},
        service_tier: [],
        max_tokens: -1,
        stream_options: 7,
      },
    ],
    [
      'wrong types within its messages and tools',
      {
        model: 'gpt-4o',
        messages: [
          null,
          5,
          'text',
          [],
          {},
          { role: 5, content: 5 },
          {
            role: 'user',
            content: [null, 5, {}, { type: 5 }, { type: 'text' }, { type: 'image_url', image_url: 5 }],
          },
          { role: 'user', content: [{ type: 'constructor' }, { type: '__proto__' }, { type: 'toString' }] },
          { role: 'assistant', tool_calls: [null, 5, {}, { function: { name: 5, arguments: {} } }] },
          { role: 'assistant', tool_calls: 'none', function_call: 'none', audio: 'none' },
          { role: 'tool', content: { a: 1 } },
        ],
        tools: [null, 5, {}, { type: 'function' }, { type: 'function', function: { parameters: 'none' } }],
      },
    ],
  ])('%s', async (_, body) => {
    await exchange(body, { id: 'chatcmpl-1', model: 'gpt-4o', choices: [] });
    expect(attributes()).toMatchObject({
      'gen_ai.response.id': 'chatcmpl-1',
      'gen_ai.operation.name': 'chat',
    });
  });

  test('fields that throw on access', async () => {
    const trap = { get: broken, enumerable: false };
    const message = Object.defineProperties(
      { role: 'user', content: 'Hello' },
      { name: trap, refusal: trap },
    );
    const body = Object.defineProperties(
      { model: 'gpt-4o', messages: [message] },
      { temperature: trap, tools: trap, response_format: trap, stop: trap, n: trap },
    );
    await exchange(body, undefined);
    expect(attributes()).toMatchObject({
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"Hello"}]}]',
    });
  });

  test('messages that throw when they are read, but not when they are sent', async () => {
    const sent = [{ role: 'user', content: 'Hello' }];
    const messages = new Proxy(sent, {
      get(target, key) {
        if (key === 'toJSON') return () => sent;
        if (key === '0' || key === Symbol.iterator) return broken();
        return Reflect.get(target, key);
      },
    });
    session().simulator.next({});
    await session().client.chat.completions.create({ model: 'gpt-4o', messages } as Parameters);
    expect(attributes()).toMatchObject({ 'gen_ai.request.model': 'gpt-4o', 'gen_ai.usage.output_tokens': 7 });
    expect(session().warnings.splice(0)).toEqual([expect.stringContaining('recording content failed')]);
  });

  test('very many, very long and very deep messages', async () => {
    let deep: unknown = 'deep';
    for (let depth = 0; depth < 1_000; depth++) deep = { deep };
    await exchange(
      {
        ...HELLO,
        messages: [
          ...Array.from({ length: 10_000 }, () => ({ role: 'user', content: 'Hello' })),
          { role: 'user', content: 'x'.repeat(1_000_000) },
        ],
        tools: [{ type: 'function', function: { name: 'f', parameters: deep } }],
        tool_choice: 'none',
      },
      undefined,
    );
    const input = String(attributes()['gen_ai.input.messages']);
    expect(input.length).toBeLessThanOrEqual(65_536);
    expect(JSON.parse(input).at(-1).parts).toMatchObject([{ original_length: 1_000_000 }]);
    expect(JSON.parse(String(attributes()['gen_ai.tool.definitions']))).toMatchObject([{ name: 'f' }]);
  });
});

describe('an invalid answer loses only its own attributes', () => {
  test.each<[string, unknown]>([
    ['a list', [1, 2]],
    ['a number', 5],
    ['nothing in it', {}],
    [
      'wrong types throughout',
      { id: 5, model: {}, choices: 'none', usage: [1], service_tier: 1, system_fingerprint: {} },
    ],
    [
      'wrong types within',
      {
        choices: [
          null,
          5,
          {},
          { finish_reason: 5, message: 'text' },
          { message: { content: {}, tool_calls: {} } },
        ],
        usage: { prompt_tokens: 'many', completion_tokens: -1, prompt_tokens_details: 5 },
      },
    ],
    ['invalid counts', { usage: { prompt_tokens: 1e300, completion_tokens: 0.5 } }],
  ])('%s', async (_, answer) => {
    await exchange(HELLO, answer);
    expect(attributes()).toMatchObject({
      'gen_ai.request.model': 'gpt-4o',
      'http.response.status_code': 200,
    });
    expect(session().spans[0]?.status).toEqual({ code: 0 });
    expect(attributes()).not.toHaveProperty(['gen_ai.usage.input_tokens']);
  });

  test('very many choices', async () => {
    const choice = { finish_reason: 'stop', message: { role: 'assistant', content: 'x'.repeat(100) } };
    await exchange(HELLO, { id: 'chatcmpl-1', choices: Array.from({ length: 5_000 }, () => choice) });
    expect(String(attributes()['gen_ai.output.messages']).length).toBeLessThanOrEqual(65_536);
    expect((attributes()['gen_ai.response.finish_reasons'] as string[]).length).toBeLessThanOrEqual(128);
  });

  test.each<[string, unknown[]]>([
    ['events that are not chunks', [null, 5, 'text', [], {}]],
    [
      'chunks of wrong types',
      [{ choices: 5 }, { choices: [null, 5, {}, { index: 'a', delta: 5 }] }, { usage: 5 }],
    ],
    [
      'choices and tool calls of absurd number',
      [
        {
          choices: [
            { index: 2 ** 40, delta: { content: 'x' } },
            { index: -1, delta: { content: 'y' } },
          ],
        },
        {
          choices: [
            { index: 0, delta: { tool_calls: [{ index: 2 ** 40 }, { index: -1, function: 5 }, null] } },
          ],
        },
      ],
    ],
  ])('a stream with %s', async (_, events) => {
    const results: unknown[] = [];
    for (const client of [session().plain, session().client]) {
      session().simulator.next({ sse: [...events.map((data) => ({ data })), 'done'] });
      const stream = await client.chat.completions.create({ ...HELLO, stream: true });
      results.push(await Array.fromAsync(stream).catch(String));
    }
    expect(results[1]).toEqual(results[0]);
    expect(attributes()).toMatchObject({ 'gen_ai.request.model': 'gpt-4o' });
    expect(() => JSON.parse(String(attributes()['gen_ai.output.messages'] ?? '[]'))).not.toThrow();
  });
});

function broken(): never {
  throw new Error('broken');
}
