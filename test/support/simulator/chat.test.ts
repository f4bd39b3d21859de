import type OpenAI from 'openai';
import { AzureOpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import { simulate } from './conversation.ts';

const QUESTION = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'What is x?' }] };

const WEATHER: OpenAI.Chat.ChatCompletionFunctionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } } },
  },
};

describe('chat completions', () => {
  it('return the dated model, a finish reason and usage', async () => {
    const { client } = await simulate();
    const completion = await client.chat.completions.create({
      ...QUESTION,
      n: 2,
      reasoning_effort: 'low',
      prompt_cache_key: 'lesson',
    });
    expect(completion).toMatchObject({
      id: 'chatcmpl-000001',
      model: 'gpt-4o-mini-2024-07-18',
      service_tier: 'default',
      choices: [
        { index: 0, finish_reason: 'stop', message: { content: 'This is a simulated answer.' } },
        { index: 1, finish_reason: 'stop' },
      ],
      usage: {
        prompt_tokens: 11,
        completion_tokens: 30,
        total_tokens: 41,
        prompt_tokens_details: { cached_tokens: 5 },
        completion_tokens_details: { reasoning_tokens: 16 },
      },
    });
  });

  it('stream word by word, with the usage at the end on request', async () => {
    const { client } = await simulate();
    const options = { stream: true, stream_options: { include_usage: true } } as const;
    const chunks = await Array.fromAsync(await client.chat.completions.create({ ...QUESTION, ...options }));
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content)).toEqual([
      ...['', 'This', ' is', ' a', ' simulated', ' answer.'],
      ...[undefined, undefined],
    ]);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 18 } });
    const without = await Array.fromAsync(
      await client.chat.completions.create({ ...QUESTION, stream: true }),
    );
    expect(without.some((chunk) => 'usage' in chunk)).toBe(false);
  });

  it('call the first tool, with its arguments in several deltas', async () => {
    const { client } = await simulate();
    const stream = client.chat.completions.stream({ ...QUESTION, tools: [WEATHER] });
    const pieces: string[] = [];
    stream.on('chunk', (chunk) => {
      pieces.push(chunk.choices[0]?.delta.tool_calls?.[0]?.function?.arguments ?? '');
    });
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0]?.finish_reason).toBe('tool_calls');
    expect(completion.choices[0]?.message.tool_calls).toMatchObject([
      { id: 'call_000001', function: { name: 'get_weather', arguments: '{"city":"simulated","days":1}' } },
    ]);
    expect(pieces.filter(Boolean).length).toBeGreaterThan(3);
  });

  it('answer in words after the tool result', async () => {
    const { client } = await simulate();
    const completion = await client.chat.completions.create({
      model: 'gpt-4o-mini',
      tools: [WEATHER],
      messages: [{ role: 'tool', tool_call_id: 'call_000001', content: '25 degrees' }],
    });
    expect(completion.choices[0]?.finish_reason).toBe('stop');
  });

  it('follow the requested JSON schema', async () => {
    const { client } = await simulate();
    const schema = {
      type: 'object',
      properties: { steps: { type: 'array', items: { enum: ['add', 'divide'] } } },
    };
    const completion = await client.chat.completions.create({
      ...QUESTION,
      response_format: { type: 'json_schema', json_schema: { name: 'plan', schema } },
    });
    expect(JSON.parse(completion.choices[0]?.message.content ?? '')).toEqual({ steps: ['add'] });
  });

  it('work for Azure clients, with the deployment in the path', async () => {
    const { simulator } = await simulate();
    const client = new AzureOpenAI({
      apiKey: 'test',
      apiVersion: '2024-10-21',
      endpoint: new URL(simulator.url).origin,
      deployment: 'tutor',
    });
    await client.chat.completions.create(QUESTION);
    expect(simulator.requests[0]?.path).toBe(
      '/openai/deployments/tutor/chat/completions?api-version=2024-10-21',
    );
    const assistant = await client.beta.assistants.create({ model: 'tutor' });
    expect(assistant.id).toBe('asst_000001');
  });
});

describe('other endpoints', () => {
  it('return embeddings as floats and as base64, which the SDK requests', async () => {
    const { client } = await simulate();
    const request = { model: 'text-embedding-3-small', input: ['a', 'b'], dimensions: 3 };
    const decoded = await client.embeddings.create(request);
    const floats = await client.embeddings.create({ ...request, encoding_format: 'float' });
    expect(decoded.data.map(({ embedding }) => embedding)).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(floats.data).toEqual(decoded.data);
  });

  it('return an answer made from method and path', async () => {
    const { client } = await simulate();
    expect((await client.files.list()).data).toEqual([]);
    expect(await client.vectorStores.create({ name: 'Books' })).toMatchObject({
      id: 'vector_store_000001',
      object: 'vector_store',
      status: 'completed',
    });
    expect(await client.vectorStores.retrieve('vs_1')).toMatchObject({ id: 'vs_1', object: 'vector_store' });
    expect(await client.batches.cancel('batch_1')).toMatchObject({ id: 'batch_1' });
    expect(await client.files.delete('file-1')).toEqual({ id: 'file-1', object: 'file', deleted: true });
    const content = await client.files.content('file-1');
    expect(content.headers.get('content-type')).toBe('application/octet-stream');
    expect((await content.arrayBuffer()).byteLength).toBeGreaterThan(0);
  });
});
