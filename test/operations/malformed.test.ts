import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { HELLO, useMalformedSession } from '../support/use-session.ts';

const session = useMalformedSession();

type Parameters = OpenAI.Chat.ChatCompletionCreateParamsNonStreaming;

/** What is on the span of the call besides that of its tools. */
function attributes(): Record<string, unknown> {
  return { ...session().spans.find(({ name }) => !name.startsWith('execute_tool'))?.attributes };
}

/** Sends a body and answers with another, on both clients; the results are the same. */
async function exchange(path: string, body: unknown, answer?: unknown): Promise<void> {
  const results: unknown[] = [];
  for (const client of [session().plain, session().client]) {
    session().simulator.next(answer === undefined ? {} : { body: answer });
    results.push(await client.post(path, { body: body as object }).catch(String));
  }
  const withoutId = (result: unknown): unknown =>
    typeof result === 'object' && result !== null ? { ...result, id: undefined, created: undefined } : result;
  expect(withoutId(results[1])).toEqual(withoutId(results[0]));
}

const CHAT = '/chat/completions';
const OPERATIONS: [string, string][] = [
  [CHAT, 'chat'],
  ['/responses', 'chat'],
  ['/completions', 'text_completion'],
  ['/embeddings', 'embeddings'],
  ['/vector_stores/vs_1/search', 'retrieval'],
];
const WRONG = [null, 5, 'text', [], {}, { type: 5 }, { type: 'constructor' }, { type: '__proto__' }];
const WRONG_REQUEST = {
  model: 5,
  messages: 'Hello',
  input: 5,
  instructions: {},
  prompt: [5],
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
  text: 'json',
  reasoning: 'low',
  conversation: 7,
  previous_response_id: {},
  query: { a: 1 },
  max_num_results: 'many',
  dimensions: -1,
  encoding_format: [],
};

describe.each(OPERATIONS)('POST %s', (path, operation) => {
  test.each<[string, unknown]>([
    ['a text', 'Hello'],
    ['a list', [1, 2]],
    ['nothing', {}],
    ['wrong types throughout', WRONG_REQUEST],
  ])('that asks for %s loses only its own attributes', async (_, body) => {
    await exchange(path, body, { id: 'id_1', model: 'gpt-4o', choices: [] });
    expect(attributes()).toMatchObject({
      'gen_ai.operation.name': operation,
    });
  });

  test.each<[string, unknown]>([
    ['a list', [1, 2]],
    ['a number', 5],
    ['no fields', {}],
    [
      'wrong types throughout',
      { id: 5, model: {}, status: [], output: 'none', data: 7, choices: {}, usage: [1], service_tier: 1 },
    ],
    [
      'wrong types within',
      {
        output: WRONG,
        data: WRONG,
        choices: [
          ...WRONG,
          { finish_reason: 5, message: 'text' },
          { message: { content: {}, tool_calls: {} } },
        ],
        usage: { input_tokens: -1, prompt_tokens: 'many', completion_tokens: -1, prompt_tokens_details: 5 },
      },
    ],
    ['invalid counts', { usage: { prompt_tokens: 1e300, completion_tokens: 0.5 } }],
  ])('that is answered with %s loses only its own attributes', async (_, answer) => {
    await exchange(path, { ...HELLO, input: 'x', query: 'x' }, answer);
    expect(attributes()).toMatchObject({ 'gen_ai.operation.name': operation });
    expect(attributes()).not.toHaveProperty(['gen_ai.usage.input_tokens']);
    expect(session().spans[0]?.status).toEqual({ code: 0 });
  });
});

test('messages and tools of wrong types are not recorded', async () => {
  const messages = [
    ...WRONG,
    { role: 5, content: 5 },
    { role: 'user', content: [...WRONG, { type: 'text' }, { type: 'image_url', image_url: 5 }] },
    { role: 'assistant', tool_calls: [null, 5, {}, { function: { name: 5, arguments: {} } }] },
    { role: 'assistant', tool_calls: 'none', function_call: 'none', audio: 'none' },
    { role: 'tool', content: { a: 1 } },
  ];
  const tools = [...WRONG, { type: 'function' }, { type: 'function', function: { parameters: 'none' } }];
  await exchange(CHAT, { model: 'gpt-4o', messages, tools }, { id: 'chatcmpl-1', choices: [] });
  expect(attributes()['gen_ai.response.id']).toBe('chatcmpl-1');
});

test('items of wrong types are not recorded', async () => {
  const parts = [
    ...WRONG,
    { type: 'input_text' },
    { type: 'input_image', image_url: 5 },
    { type: 'input_audio' },
  ];
  const items = [
    ...WRONG,
    { type: 'message', content: parts },
    { type: 'reasoning', summary: 5, content: [5] },
    { type: 'function_call', arguments: {} },
    { type: 'function_call_output', call_id: 5, output: 7 },
    { type: 'code_interpreter_call', outputs: WRONG },
    { type: 'image_generation_call', result: 5 },
    { type: 'web_search_call', action: 5 },
    { type: 'mcp_call', output: {}, error: 5 },
  ];
  const body = { model: 'gpt-4o', input: items, tools: WRONG, prompt: { variables: { a: 5, b: null } } };
  await exchange('/responses', body, { id: 'resp_1', status: 'completed', output: items });
  expect(attributes()['gen_ai.response.id']).toBe('resp_1');
  for (const name of ['input.messages', 'output.messages', 'tool.definitions'])
    expect(() => JSON.parse(String(attributes()[`gen_ai.${name}`]))).not.toThrow();
});

test.each([
  ['/images/generations', { data: 5, usage: 'none' }],
  ['/audio/transcriptions', { usage: { seconds: 'many' }, duration: '8' }],
  ['/moderations', { results: WRONG, model: 5 }],
  ['/responses/compact', { id: 5, usage: [] }],
])('POST %s with an invalid answer is an ordinary request', async (path, answer) => {
  await exchange(path, { model: {}, n: {} }, answer);
  expect(attributes()).toMatchObject({ 'http.request.method': 'POST', 'url.template': path });
});

describe('an invalid request loses only its own attributes', () => {
  test('with fields that throw on access', async () => {
    const trap = { get: broken, enumerable: false };
    const message = Object.defineProperties(
      { role: 'user', content: 'Hello' },
      { name: trap, refusal: trap },
    );
    const body = Object.defineProperties(
      { model: 'gpt-4o', messages: [message] },
      { temperature: trap, tools: trap, response_format: trap, stop: trap, n: trap },
    );
    await exchange(CHAT, body);
    expect(attributes()).toMatchObject({
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"Hello"}]}]',
    });
  });

  test('with messages that throw when they are read, but not when they are sent', async () => {
    const sent = [{ role: 'user', content: 'Hello' }];
    const messages = new Proxy(sent, {
      get(target, key) {
        if (key === 'toJSON') return () => sent;
        if (key === '0' || key === Symbol.iterator) return broken();
        return Reflect.get(target, key);
      },
    });
    await session().client.chat.completions.create({ model: 'gpt-4o', messages } as Parameters);
    expect(attributes()).toMatchObject({ 'gen_ai.request.model': 'gpt-4o', 'gen_ai.usage.output_tokens': 7 });
    expect(session().warnings.splice(0)).toEqual([expect.stringContaining('recording content failed')]);
  });
});

test('an answer with very many choices has no more than can be recorded', async () => {
  const choice = { finish_reason: 'stop', message: { role: 'assistant', content: 'x'.repeat(100) } };
  const choices = Array.from({ length: 5_000 }, () => choice);
  await exchange(CHAT, HELLO, { id: 'chatcmpl-1', choices });
  expect(String(attributes()['gen_ai.output.messages']).length).toBeLessThanOrEqual(65_536);
  expect((attributes()['gen_ai.response.finish_reasons'] as string[]).length).toBeLessThanOrEqual(128);
});

test.each<[string, unknown[]]>([
  ['events that are not chunks', [null, 5, 'text', [], {}]],
  [
    'chunks of wrong types',
    [{ choices: 5 }, { choices: [null, 5, {}, { index: 'a', delta: 5 }] }, { usage: 5 }],
  ],
])('a stream with %s loses only its own attributes', async (_, events) => {
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

function broken(): never {
  throw new Error('broken');
}
