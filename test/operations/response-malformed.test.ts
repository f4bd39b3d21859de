import { describe, expect, test } from 'vitest';
import { useMalformedSession } from '../support/use-session.ts';

const session = useMalformedSession();

type Method = 'post' | 'get';
const WRONG = [null, 5, 'text', [], {}, { type: 5 }, { type: 'constructor' }, { type: '__proto__' }];

/** Sends a body and answers with another, on both clients; the results are the same. Gives the span's attributes. */
async function exchange(
  path: string,
  body: unknown,
  answer: unknown,
  method: Method = 'post',
): Promise<Record<string, unknown>> {
  const results: unknown[] = [];
  for (const client of [session().plain, session().client]) {
    session().simulator.next({ body: answer });
    results.push(
      await client
        .request({ method, path, ...(method === 'post' ? { body: body as object } : {}) })
        .catch(String),
    );
  }
  expect(results[1]).toEqual(results[0]);
  return { ...session().spans.find(({ name }) => !name.startsWith('execute_tool'))?.attributes };
}

const OPERATIONS: [string, string][] = [
  ['/responses', 'chat'],
  ['/completions', 'text_completion'],
  ['/embeddings', 'embeddings'],
  ['/vector_stores/vs_1/search', 'retrieval'],
];

describe.each(OPERATIONS)('POST %s', (path, operation) => {
  test.each<[string, unknown]>([
    ['a text', 'Hello'],
    ['a list', [1, 2]],
    ['nothing', {}],
    [
      'wrong types throughout',
      {
        model: 5,
        input: 5,
        instructions: {},
        prompt: [5],
        tools: { a: 1 },
        text: 'json',
        reasoning: 'low',
        conversation: 7,
        previous_response_id: {},
        query: { a: 1 },
        max_num_results: 'many',
        dimensions: -1,
        encoding_format: [],
        stop: {},
        n: 'many',
      },
    ],
  ])('that asks for %s loses only its own attributes', async (_, body) => {
    const attributes = await exchange(path, body, { id: 'id_1', model: 'gpt-4o' });
    expect(attributes).toMatchObject({
      'gen_ai.operation.name': operation,
      'http.response.status_code': 200,
    });
  });

  test.each<[string, unknown]>([
    ['a list', [1, 2]],
    ['a number', 5],
    ['no fields', {}],
    [
      'wrong types throughout',
      { id: 5, model: {}, status: [], output: 'none', data: 7, choices: {}, usage: [1] },
    ],
    ['wrong types within', { output: WRONG, data: WRONG, choices: WRONG, usage: { input_tokens: -1 } }],
  ])('that is answered with %s loses only its own attributes', async (_, answer) => {
    const attributes = await exchange(path, { model: 'gpt-4o', input: 'x', query: 'x' }, answer);
    expect(attributes).toMatchObject({ 'gen_ai.operation.name': operation });
    expect(attributes).not.toHaveProperty(['gen_ai.usage.input_tokens']);
  });
});

test('items and tools of wrong types are not recorded', async () => {
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
  const answer = { id: 'resp_1', status: 'completed', output: items };
  const attributes = await exchange('/responses', body, answer);
  expect(attributes['gen_ai.response.id']).toBe('resp_1');
  for (const name of ['input.messages', 'output.messages', 'tool.definitions'])
    expect(() => JSON.parse(String(attributes[`gen_ai.${name}`]))).not.toThrow();
});

test.each([
  ['/images/generations', { data: 5, usage: 'none' }],
  ['/audio/transcriptions', { usage: { seconds: 'many' }, duration: '8' }],
  ['/moderations', { results: WRONG, model: 5 }],
  ['/responses/compact', { id: 5, usage: [] }],
])('POST %s with an invalid answer is an ordinary request', async (path, answer) => {
  const attributes = await exchange(path, { model: {}, n: {} }, answer);
  expect(attributes).toMatchObject({ 'http.request.method': 'POST', 'url.template': path });
});

test('an invalid response has the id that was requested', async () => {
  const attributes = await exchange('/responses/resp_1', undefined, [5], 'get');
  expect(attributes).toMatchObject({
    'gen_ai.operation.name': 'fetch_response',
    'gen_ai.response.id': 'resp_1',
  });
});
