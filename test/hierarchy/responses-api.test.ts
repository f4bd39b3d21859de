import { context, INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { isBackgroundResponse } from '../../src/hierarchy/responses-api.ts';
import { responseBody } from '../support/bodies.ts';
import { functionResults, repeatedCalls } from '../support/function-results.ts';
import { startProgram } from '../support/program.ts';

const MODEL = 'gpt-4o-mini';

describe('a response', () => {
  it('has tools with the label of their MCP server and their namespace', async () => {
    const program = await startProgram();
    const { responses } = program.client;
    const ask = { name: 'search', arguments: {}, output: '' };
    program.simulator.respond({
      output: [
        { mcpCall: { server: 'github', ...ask } },
        { mcpCall: { server: 'wiki', ...ask } },
        { function: { name: 'search', namespace: 'crm', arguments: {} } },
      ],
    });
    await program.inSpan(async () => {
      const stream = await responses.create({ model: MODEL, input: 'Search.', stream: true });
      for await (const event of stream)
        if (event.type === 'response.completed') {
          const input = functionResults(event.response, '');
          await responses.create({ model: MODEL, previous_response_id: event.response.id, input });
        }
    });
    await program.expectTree(`
      program
      ├─ chat gpt-4o-mini
      ├─ execute_tool search  openai.mcp.server_label=github
      ├─ execute_tool search  openai.mcp.server_label=wiki
      ├─ execute_tool search  openai.tool.namespace=crm
      └─ chat gpt-4o-mini
    `);
  });

  it('that starts a trace has its tools below it, including those answered later', async () => {
    const program = await startProgram();
    program.simulator.respond({
      output: [{ webSearch: { query: 'tariffs' } }, { function: { name: 'get_weather', arguments: {} } }],
    });
    const { responses } = program.client;
    const content = 'What is the tariff?';
    const asked = await responses.create({ model: MODEL, input: content });
    const input = [{ role: 'user' as const, content }, ...repeatedCalls(asked, 'sunny')];
    await program.inSpan(() => responses.create({ model: MODEL, input }), 'webhook');
    await program.expectTree(`
      chat gpt-4o-mini
      ├─ execute_tool web_search
      └─ execute_tool get_weather

      webhook
      └─ chat gpt-4o-mini
    `);
  });

  it('has functions whose arguments are not read again with each later request', async () => {
    const { client, simulator, ...program } = await startProgram();
    simulator.respond(
      { output: [{ function: { name: 'get_weather', arguments: { city: 'Paris' } } }] },
      { output: [{ function: { name: 'get_time', arguments: {} } }] },
    );
    const question = { role: 'user' as const, content: 'Weather and time?' };
    const first = await client.responses.create({ model: MODEL, input: [question] });
    let reads = 0;
    const repeat = (items: OpenAI.Responses.ResponseOutputItem[]): OpenAI.Responses.ResponseInputItem[] =>
      items.flatMap((item) => {
        if (item.type !== 'function_call') return [];
        const { arguments: given, ...others } = item;
        const counted = {
          ...others,
          toJSON: () => item,
          get arguments() {
            reads++;
            return given;
          },
        };
        return [counted, { type: 'function_call_output', call_id: item.call_id, output: 'done' }];
      });
    const input = [question, ...repeat(first.output)];
    const second = await client.responses.create({ model: MODEL, input });
    expect(reads).toBe(1);
    await client.responses.create({ model: MODEL, input: [...input, ...repeat(second.output)] });
    expect(reads).toBe(2);
    await program.expectTree(`
      chat gpt-4o-mini
      ├─ execute_tool get_weather
      ├─ chat gpt-4o-mini
      ├─ execute_tool get_time
      └─ chat gpt-4o-mini
    `);
  });

  it('has a function that is answered by an item of its conversation', async () => {
    const program = await startProgram();
    const { conversations, responses } = program.client;
    const { id: conversation } = await conversations.create({});
    program.simulator.respond({ output: [{ function: { name: 'get_weather', arguments: {} } }] });
    const asked = await responses.create({ model: MODEL, conversation, input: 'Weather?' });
    const items = functionResults(asked, 'sunny');
    await program.inSpan(async () => {
      await conversations.items.create(conversation, { items });
      await conversations.items.create(conversation, { items });
    });
    const tools = program.ended('execute_tool get_weather');
    expect(tools.map(({ attributes }) => attributes['gen_ai.conversation.id'])).toEqual([conversation]);
  });

  it('is the root of a trace if the active span has no ids', async () => {
    const program = await startProgram();
    program.simulator.respond({
      output: [{ webSearch: { query: 'tariffs' } }, { codeInterpreter: { code: 'print(1)', logs: '1' } }],
    });
    const noop = trace.setSpan(context.active(), trace.wrapSpanContext(INVALID_SPAN_CONTEXT));
    await context.with(noop, () => program.client.responses.create({ model: MODEL, input: 'Tariff?' }));
    await program.expectTree(`
      chat gpt-4o-mini
      ├─ execute_tool web_search
      └─ execute_tool code_interpreter
    `);
  });

  it('has its hosted tools at the times of its stream', async () => {
    const program = await startProgram();
    program.simulator.respond({ output: [{ webSearch: { query: 'tariffs' } }, { message: 'It is 7.' }] });
    await program.inSpan(async () => {
      const stream = await program.client.responses.create({ model: MODEL, input: 'Tariff?', stream: true });
      for await (const _ of stream);
    });
    await program.expectTree(`
      program
      ├─ chat gpt-4o-mini         openai.stream.end=completed
      └─ execute_tool web_search
    `);
    const [tool, chat] = ['execute_tool web_search', 'chat gpt-4o-mini'].map((name) =>
      program.telemetry.spans.find((span) => span.name === name),
    );
    expect(tool?.startTime).not.toEqual(chat?.startTime);
    expect(tool?.endTime).not.toEqual(chat?.endTime);
  });

  it.each([false, true])(
    'says what its hosted tools found, if it reports that; streamed: %s',
    async (stream) => {
      const code = { type: 'code_interpreter_call', status: 'completed', code: 'x' };
      const results = ['a', 'b'].map((id) => ({ file_id: `file-${id}`, score: 0.5, text: 'x' }));
      const output = [
        { ...code, id: 'ci_1', outputs: null },
        { ...code, id: 'ci_2', outputs: [] },
        { type: 'file_search_call', id: 'fs_1', status: 'completed', queries: ['x'], results },
        {
          type: 'multi_agent_call',
          id: 'ma_1',
          call_id: 'call_1',
          action: 'spawn_agent',
          arguments: '{"a":1}',
        },
        {
          type: 'multi_agent_call_output',
          id: 'mo_1',
          call_id: 'call_1',
          output: [{ type: 'output_text', text: 'y' }],
        },
      ];
      const program = await startProgram();
      const body = responseBody(output);
      program.simulator.next(
        stream ? { sse: [{ data: { type: 'response.completed', response: body } }] } : { body },
      );
      await program.inSpan(async () => {
        const answer = await program.client.responses.create({ model: MODEL, input: 'x?', stream });
        if (Symbol.asyncIterator in answer) for await (const _ of answer);
      });
      const tools = program.ended('execute_tool').map(({ attributes }) => attributes);
      expect(tools.map((tool) => tool['openai.code_interpreter.image_count'])).toEqual([
        undefined,
        0,
        undefined,
        undefined,
      ]);
      expect(tools[2]).toMatchObject({
        'openai.file_search.result_count': 2,
        'openai.file_search.file_ids': ['file-a', 'file-b'],
      });
      expect(tools[3]).toMatchObject({
        'gen_ai.tool.name': 'spawn_agent',
        'gen_ai.tool.call.id': 'call_1',
        'openai.tool.type': 'multi_agent',
      });
    },
  );
});

describe('a background response', () => {
  it('shows the attempts of a poll that the SDK has repeated', async () => {
    const program = await startProgram();
    await program.inSpan(async () => {
      const { simulator } = program;
      const client = program.client.withOptions({ maxRetries: 1 });
      let response = await client.responses.create({ model: MODEL, input: 'Think.', background: true });
      simulator.next({ when: { path: /responses\// }, status: 503, headers: { 'retry-after-ms': '1' } });
      while (response.status === 'queued' || response.status === 'in_progress')
        response = await client.responses.retrieve(response.id);
    });
    await program.expectTree(`
      program
      └─ chat gpt-4o-mini  gen_ai.response.status=completed
         ├─ attempt        !503 http.response.status_code=503
         └─ attempt       
    `);
  });

  it('has an event for each of its requests that failed or did more than read', async () => {
    const program = await startProgram();
    await program.inSpan(async () => {
      const { simulator } = program;
      const { responses } = program.client.withOptions({ maxRetries: 0 });
      const failure = (status: number, code: string) =>
        simulator.next({ when: { path: /responses\// }, status, body: { error: { message: 'no', code } } });
      const { id } = await responses.create({ model: MODEL, input: 'Think.', background: true });
      failure(500, 'server_error');
      await expect(responses.retrieve(id)).rejects.toThrow('500');
      failure(409, 'cannot_cancel');
      await expect(responses.cancel(id)).rejects.toThrow('409');
      failure(503, 'overloaded');
      await expect(readStream(program.client.withOptions({ maxRetries: 0 }), id)).rejects.toThrow('503');
      await responses.retrieve(id);
      await responses.cancel(id);
    });
    await program.expectTree(`
      program
      └─ chat gpt-4o-mini  gen_ai.response.status=cancelled
    `);
    const [chat] = program.ended('chat');
    const keys = ['http.request.method', 'http.response.status_code', 'error.type', 'gen_ai.response.status'];
    expect(
      chat?.events.map(({ name, attributes }) => [name, ...keys.map((key) => attributes?.[key])]),
    ).toEqual([
      ['openai.response.request', 'GET', 500, 'server_error', undefined],
      ['openai.response.request', 'POST', 409, 'ConflictError', undefined],
      ['openai.response.request', 'GET', 503, 'overloaded', undefined],
      ['openai.response.request', 'POST', undefined, undefined, 'cancelled'],
    ]);
    expect(chat?.events[0]?.attributes).toMatchObject({
      'url.template': '/responses/{response_id}',
      'openai.request.id': expect.any(String),
    });
  });

  it('ends when it is deleted, and not when that fails', async () => {
    const program = await startProgram();
    await program.inSpan(async () => {
      const { simulator } = program;
      const { responses } = program.client.withOptions({ maxRetries: 0 });
      const { id } = await responses.create({ model: MODEL, input: 'Think.', background: true });
      simulator.next({ when: { method: 'DELETE' }, status: 500 });
      await expect(responses.delete(id)).rejects.toThrow('500');
      expect(program.telemetry.spans.map(({ name }) => name)).toEqual(['DELETE /responses/{response_id}']);
      await responses.delete(id);
      expect(program.telemetry.spans.map(({ name }) => name)).toContain('chat gpt-4o-mini');
    });
    await program.expectTree(`
      program
      ├─ chat gpt-4o-mini                 gen_ai.response.status=queued
      ├─ DELETE /responses/{response_id}  !InternalServerError
      └─ DELETE /responses/{response_id}
    `);
  });

  it.each<[string, (client: OpenAI, id: string) => Promise<unknown>, string]>([
    [
      'retrieves it',
      untilCompleted,
      `├─ fetch_response    gen_ai.response.status=in_progress
      ├─ fetch_response    gen_ai.response.status=in_progress
      └─ fetch_response    gen_ai.response.status=completed`,
    ],
    ['continues its stream', readStream, '└─ fetch_response    gen_ai.response.status=completed'],
    [
      'cancels it',
      (client, id) => client.responses.cancel(id),
      '└─ POST /responses/{response_id}/cancel  gen_ai.response.status=cancelled',
    ],
  ])('ends with its full result when another trace %s', async (how, look, requested) => {
    const program = await startProgram();
    const asked = { model: MODEL, input: 'Think.', background: true };
    const { id } = await program.inSpan(() => program.client.responses.create(asked), 'web');
    await program.inSpan(() => look(program.client, id), 'worker');
    const end = how === 'cancels it' ? 'cancelled' : 'completed gen_ai.usage.input_tokens=*';
    await program.expectTree(`
      web
      └─ chat gpt-4o-mini  gen_ai.response.status=${end}

      worker
      ${requested}
    `);
    const [chat, ...requests] = ['chat', 'fetch_response', 'POST'].flatMap(program.ended);
    for (const { links } of requests)
      expect(links.map(({ context }) => context)).toEqual([chat?.spanContext()]);
    const tokens = await program.points('gen_ai.client.token.usage');
    const counts = tokens.map(({ count }) => count);
    expect(counts).toEqual(how === 'cancels it' ? [] : [1, 1]);
  });

  it('has its tool calls beside it if another trace fetches it, and the totals of its conversation', async () => {
    const program = await startProgram();
    const { client } = program;
    program.simulator.respond({
      output: [{ webSearch: { query: 'tariffs' } }, { function: { name: 'get_weather', arguments: {} } }],
    });
    const conversation = await client.conversations.create({});
    const asked = { model: MODEL, input: 'Think.', background: true, conversation: conversation.id };
    const { id } = await client.responses.create(asked);
    await program.inSpan(async () => {
      const calls = await untilCompleted(client, id);
      const input = calls.map((call_id) => ({ type: 'function_call_output' as const, call_id, output: '7' }));
      await client.responses.create({ ...asked, background: false, input });
    }, 'worker');
    await program.expectTreeAtEnd(`
      conversation                openai.total.runs=2 openai.total.input_tokens=*
      ├─ POST /conversations
      ├─ chat gpt-4o-mini         gen_ai.response.status=completed
      ├─ execute_tool web_search
      └─ execute_tool get_weather

      worker
      ├─ fetch_response           gen_ai.response.status=in_progress
      ├─ fetch_response           gen_ai.response.status=in_progress
      ├─ fetch_response           gen_ai.response.status=in_progress
      ├─ fetch_response           gen_ai.response.status=completed
      └─ chat gpt-4o-mini         gen_ai.response.status=completed
    `);
  });

  const OLD = Math.floor(Date.now() / 1e3) - 7_200;

  const FAILED = { created_at: OLD, completed_at: null, status: 'failed' };

  it.each<[what: string, more: object, adopted: boolean]>([
    ['has no time', {}, true],
    ['was completed over an hour ago', { created_at: OLD, completed_at: OLD + 1 }, false],
    ['was created over an hour ago and failed', FAILED, false],
    ['is a foreground response', { background: false }, false],
    ['is something else', { object: 'other' }, false],
  ])('that %s is adopted: %o -> %s', async (_, more, adopted) => {
    // What is not sampled is still counted.
    const program = await startProgram({ config: { adoptRuns: 'polled' }, sampler: new AlwaysOffSampler() });
    program.simulator.next({ body: responseBody([], { background: true, ...more }) });
    await program.client.responses.retrieve('resp_1');
    expect((await program.points('gen_ai.client.token.usage')).length > 0).toBe(adopted);
  });
});

it.each([
  ['nothing', true],
  ['id', false],
  ['status', false],
])('a background response that lacks %s is adopted: %s', (missing, expected) => {
  const response = responseBody([], { background: true, [missing]: undefined });
  expect(isBackgroundResponse(response, false)).toBe(expected);
});

/** @returns the ids of its function calls */
async function untilCompleted({ responses }: OpenAI, id: string): Promise<string[]> {
  for (;;) {
    const { status, output } = await responses.retrieve(id);
    if (status === 'completed')
      return output.flatMap((item) => (item.type === 'function_call' ? [item.call_id] : []));
  }
}

async function readStream({ responses }: OpenAI, id: string): Promise<void> {
  for await (const _ of await responses.retrieve(id, { stream: true, starting_after: 1 }));
}

it('a conversation below a span of the program has a span if that is always wanted', async () => {
  const program = await startProgram({ config: { conversationSpans: 'always' } });
  await program.inSpan(async () => {
    const { id } = await program.client.conversations.create({});
    await program.client.responses.create({ model: MODEL, input: 'Hello', conversation: id });
  });
  await program.expectTree(`
    program
    ├─ POST /conversations     gen_ai.conversation.id={conversation}
    └─ conversation            gen_ai.conversation.id={conversation} openai.total.runs=1 openai.total.user_messages=1
       └─ chat gpt-4o-mini     gen_ai.conversation.id={conversation}
  `);
});
