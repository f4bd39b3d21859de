import { describe, expect, it } from 'vitest';
import { simulate } from './conversation.ts';
import type { ResponseScript } from './response-script.ts';

const QUESTION = { model: 'gpt-4o', input: 'What is x?' };

const EVERYTHING: ResponseScript = {
  output: [
    { reasoning: ['First this.', 'Then that.'] },
    { webSearch: { query: 'x', sources: ['https://example.com/x'] } },
    {
      fileSearch: {
        queries: ['x'],
        results: [{ file_id: 'file-1', filename: 'a.md', score: 0.9, text: 'x' }],
      },
    },
    { codeInterpreter: { code: 'print(1)', logs: '1', images: 1 } },
    { imageGeneration: { revisedPrompt: 'A bigger cat' } },
    { mcpListTools: { server: 'wiki', tools: ['ask'] } },
    { mcpCall: { server: 'wiki', name: 'ask', arguments: { about: 'x' }, output: 'It is 4.' } },
    { mcpCall: { server: 'wiki', name: 'ask', arguments: {}, error: 'no' } },
    { shell: { commands: ['ls'], stdout: 'a.md' } },
    { custom: { name: 'grammar', input: 'x = 4' } },
    { message: 'x is 4.' },
    { refusal: 'I would rather not.' },
    { compaction: true },
  ],
};

describe('a response', () => {
  it('is complete at once, and can be fetched again', async () => {
    const { client, simulator } = await simulate();
    simulator.respond({ output: [{ message: 'x is 4.' }] });
    const response = await client.responses.create(QUESTION);
    expect(response).toMatchObject({ status: 'completed', output_text: 'x is 4.', error: null });
    const { usage } = response;
    expect(usage?.total_tokens).toBe((usage?.input_tokens ?? 0) + (usage?.output_tokens ?? 0));
    expect(await client.responses.retrieve(response.id)).toEqual(response);
    const items = await Array.fromAsync(client.responses.inputItems.list(response.id));
    expect(items).toMatchObject([{ type: 'message', role: 'user', content: [{ text: 'What is x?' }] }]);
    await client.responses.delete(response.id);
    await expect(client.responses.retrieve(response.id)).rejects.toMatchObject({ status: 404 });
  });

  it('calls the first function, and answers after its output', async () => {
    const { client } = await simulate();
    const parameters = { type: 'object', properties: { city: { type: 'string' } } };
    const tools = [{ type: 'function' as const, name: 'get_weather', parameters, strict: null }];
    const asked = await client.responses.create({ ...QUESTION, tools });
    const [call] = asked.output;
    if (call?.type !== 'function_call') throw new Error('There is no call.');
    expect(call).toMatchObject({ name: 'get_weather', arguments: '{"city":"simulated"}' });
    const input = [{ type: 'function_call_output' as const, call_id: call.call_id, output: 'Rain.' }];
    const answer = await client.responses.create({
      ...QUESTION,
      tools,
      previous_response_id: asked.id,
      input,
    });
    expect(answer.output_text).not.toBe('');
    expect(answer.previous_response_id).toBe(asked.id);
  });

  it('has the results of hosted tools only on request', async () => {
    const { client, simulator } = await simulate();
    simulator.respond(EVERYTHING, EVERYTHING);
    const plain = await client.responses.create(QUESTION);
    const rich = await client.responses.create({
      ...QUESTION,
      include: [
        'file_search_call.results',
        'code_interpreter_call.outputs',
        'web_search_call.action.sources',
      ],
    });
    const find = (output: typeof plain.output, type: string) => output.find((item) => item.type === type);
    expect(find(plain.output, 'file_search_call')).toMatchObject({ results: null });
    expect(find(rich.output, 'file_search_call')).toMatchObject({ results: [{ text: 'x' }] });
    expect(find(rich.output, 'code_interpreter_call')).toMatchObject({
      outputs: [{ logs: '1' }, { type: 'image' }],
    });
  });

  it('rejects an unknown previous response', async () => {
    const { client } = await simulate();
    const asked = client.responses.create({ ...QUESTION, previous_response_id: 'resp_none' });
    await expect(asked).rejects.toMatchObject({ status: 400, code: 'previous_response_not_found' });
  });

  it('counts its input and compacts it', async () => {
    const { client } = await simulate();
    expect(await client.responses.inputTokens.count(QUESTION)).toMatchObject({
      object: 'response.input_tokens',
    });
    const compacted = await client.responses.compact(QUESTION);
    expect(compacted.output.map(({ type }) => type)).toEqual(['message', 'compaction']);
  });
});

describe('a streamed response', () => {
  it('can be read with the SDK helper to its final response', async () => {
    const { client, simulator } = await simulate();
    simulator.respond(EVERYTHING);
    const stream = client.responses.stream(QUESTION);
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    const final = await stream.finalResponse();
    expect(types.slice(0, 2)).toEqual(['response.created', 'response.in_progress']);
    expect(types.at(-1)).toBe('response.completed');
    expect(types).toContain('response.reasoning_summary_text.delta');
    expect(types).toContain('response.mcp_call.failed');
    const retrieved = await client.responses.retrieve(final.id);
    expect(final.output.map(({ type }) => type)).toEqual(retrieved.output.map(({ type }) => type));
    expect(final.output_text).toBe('x is 4.');
  });

  it('has numbered events, so that it can be resumed', async () => {
    const { client, simulator } = await simulate();
    simulator.respond({ output: [{ message: 'x is 4.' }] });
    const events = await Array.fromAsync(await client.responses.create({ ...QUESTION, stream: true }));
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
    const [created] = events;
    if (created?.type !== 'response.created') throw new Error('It was not created.');
    const resumed = await client.responses.retrieve(created.response.id, { stream: true, starting_after: 4 });
    expect(await Array.fromAsync(resumed)).toEqual(events.slice(5));
  });

  it.each([['failed' as const], ['incomplete' as const]])('may end %s', async (end) => {
    const { client, simulator } = await simulate();
    simulator.respond({ end });
    const events = await Array.fromAsync(await client.responses.create({ ...QUESTION, stream: true }));
    expect(events.at(-1)).toMatchObject({ type: `response.${end}`, response: { status: end } });
  });
});

describe('a background response', () => {
  it('advances one stage with every retrieve', async () => {
    const { client, simulator } = await simulate();
    simulator.respond({ output: [{ function: { name: 'f', arguments: {} } }, { message: 'x is 4.' }] });
    let response = await client.responses.create({ ...QUESTION, background: true });
    const seen: [string | undefined, number][] = [];
    while (response.status !== 'completed') {
      seen.push([response.status, response.output.length]);
      response = await client.responses.retrieve(response.id);
    }
    expect(seen).toEqual([
      ['queued', 0],
      ['in_progress', 0],
      ['in_progress', 1],
      ['in_progress', 2],
    ]);
    expect(response.usage?.output_tokens).toBeGreaterThan(0);
  });

  it('can be cancelled until it has ended; others cannot', async () => {
    const { client } = await simulate();
    const background = await client.responses.create({ ...QUESTION, background: true });
    expect(await client.responses.cancel(background.id)).toMatchObject({ status: 'cancelled' });
    expect(await client.responses.retrieve(background.id)).toMatchObject({ status: 'cancelled' });
    const { id } = await client.responses.create(QUESTION);
    await expect(client.responses.cancel(id)).rejects.toMatchObject({ status: 400 });
  });
});

describe('a conversation', () => {
  it('collects the input and the output of its responses', async () => {
    const { client } = await simulate();
    const conversation = await client.conversations.create({
      items: [{ type: 'message', role: 'user', content: 'Hello' }],
    });
    await client.responses.create({ ...QUESTION, conversation: conversation.id });
    const items = await Array.fromAsync(client.conversations.items.list(conversation.id, { order: 'asc' }));
    expect(items).toMatchObject([{ role: 'user' }, { role: 'user' }, { role: 'assistant' }]);
    await client.conversations.items.delete(items[0]?.id ?? '', { conversation_id: conversation.id });
    expect(await Array.fromAsync(client.conversations.items.list(conversation.id))).toHaveLength(2);
    await client.conversations.delete(conversation.id);
    await expect(client.conversations.retrieve(conversation.id)).rejects.toMatchObject({ status: 404 });
  });
});
