import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { describe, expect, test } from 'vitest';
import type { EventPreset, OpenAIInstrumentationConfig, SinkEvent } from '../../../src/client.ts';
import { type Session, type SessionOptions, startSession } from '../../support/session.ts';

const TOOL = { type: 'function' as const, function: { name: 'look_up', parameters: {} } };
const CHAT = {
  model: 'gpt-4o-mini',
  temperature: 0.5,
  messages: [{ role: 'user' as const, content: 'Hello?' }],
};

interface Listening extends Session {
  readonly events: SinkEvent[];
}

async function startListening(
  preset: EventPreset | undefined,
  config: OpenAIInstrumentationConfig = {},
  options: SessionOptions = {},
): Promise<Listening> {
  const events: SinkEvent[] = [];
  const sink = (event: SinkEvent): void => void events.push(event);
  const prices = { 'gpt-4o-mini*': { input_mtok: 1, output_mtok: 2 } };
  const session = await startSession({
    ...options,
    config: { ...config, cost: true, prices, events: { sink, preset } },
  });
  return Object.assign(session, { events });
}

function types(events: readonly SinkEvent[]): string[] {
  return events.map(({ type }) => type);
}

describe('model.invoke', () => {
  test('contains all known facts of a chat completion', async () => {
    const session = await startListening('standard');
    const { id } = await session.client.chat.completions.create(CHAT);
    const span = session.spans[0]?.spanContext();
    expect(session.events).toEqual([
      {
        type: 'model.invoke',
        time: expect.any(Number),
        traceId: span?.traceId,
        spanId: span?.spanId,
        operation: 'chat',
        provider: 'openai',
        model: 'gpt-4o-mini',
        responseId: id,
        responseModel: 'gpt-4o-mini-2024-07-18',
        systemFingerprint: 'fp_0000000001',
        finishReasons: ['stop'],
        streamed: false,
        latency: expect.any(Number),
        tokens: { input: expect.any(Number), output: expect.any(Number) },
        parameters: { temperature: 0.5 },
      },
      expect.objectContaining({ type: 'cost.record', cost: expect.any(Number) }),
    ]);
    await session.verify();
  });

  test('is sent once for a stream, at its end', async () => {
    const session = await startListening('standard');
    const usage = { include_usage: true };
    const stream = await session.client.chat.completions.create({
      ...CHAT,
      stream: true,
      stream_options: usage,
    });
    for await (const _ of stream) expect(session.events).toEqual([]);
    expect(session.events).toMatchObject([
      { type: 'model.invoke', streamed: true, timeToFirstChunk: expect.any(Number), finishReasons: ['stop'] },
      { type: 'cost.record' },
    ]);
    await session.verify();
  });

  test('has the tokens of an answer that reports only output', async () => {
    const session = await startListening('standard');
    session.simulator.next({ body: { id: 'chatcmpl-1', choices: [], usage: { completion_tokens: 5 } } });
    await session.client.chat.completions.create(CHAT);
    expect(session.events[0]).toMatchObject({ tokens: { output: 5 } });
  });

  test('has no output tokens for embeddings', async () => {
    const session = await startListening('standard');
    await session.client.embeddings.create({ model: 'text-embedding-3-small', input: 'It.', dimensions: 8 });
    const [event] = session.events;
    expect(event).toMatchObject({ type: 'model.invoke', operation: 'embeddings' });
    expect(event).toHaveProperty('tokens', { input: expect.any(Number) });
    await session.verify();
  });

  test('has the parameters and the dimensions of embeddings', async () => {
    const session = await startListening('standard');
    const request = { model: 'text-embedding-3-small', input: 'It.', dimensions: 8 };
    await session.client.embeddings.create({ ...request, encoding_format: 'float' });
    expect(session.events[0]).toHaveProperty('parameters', {
      encoding_formats: ['float'],
      'embeddings.dimension.count': 8,
    });
    await session.verify();
  });

  test('has the requested kind of output, and the stored prompt', async () => {
    const session = await startListening('standard');
    const { client } = session;
    await client.chat.completions.create({ ...CHAT, response_format: { type: 'json_object' } });
    await client.responses.create({ model: 'gpt-4o-mini', prompt: { id: 'pmpt_1', version: '2' } });
    expect(session.events.filter(({ type }) => type === 'model.invoke')).toMatchObject([
      { parameters: { temperature: 0.5, 'output.type': 'json' } },
      { parameters: { 'prompt.name': 'pmpt_1', 'prompt.version': '2' } },
    ]);
    await session.verify();
  });

  test('is sent for a response', async () => {
    const session = await startListening('standard');
    const { id } = await session.client.responses.create({ model: 'gpt-4o-mini', input: 'Hello?' });
    expect(session.events[0]).toMatchObject({ type: 'model.invoke', operation: 'chat', responseId: id });
    await session.verify();
  });

  test('is sent once for a run, with all its tokens and tool calls', async () => {
    const session = await startListening('standard');
    const { client } = session;
    session.simulator.script({
      steps: [
        {
          tools: [{ codeInterpreter: { input: 'print(1)', logs: '1' } }],
          usage: { prompt: 10, completion: 5 },
        },
        { message: 'It is 1.', usage: { prompt: 20, completion: 7 } },
      ],
    });
    const assistant = await client.beta.assistants.create({ model: 'gpt-4o-mini', name: 'Tutor' });
    const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: '1?' }] });
    const run = await client.beta.threads.runs.createAndPoll(
      thread.id,
      { assistant_id: assistant.id },
      { pollIntervalMs: 1 },
    );
    await session.provider.forceFlush();
    expect(session.events).toMatchObject([
      {
        type: 'model.invoke',
        operation: 'invoke_agent',
        agentName: 'Tutor',
        runId: run.id,
        conversationId: thread.id,
        tokens: { input: 30, output: 12 },
      },
      { type: 'tool.call', name: 'code_interpreter', toolType: 'code_interpreter', runId: run.id },
      { type: 'cost.record', cost: expect.closeTo(54e-6, 10) },
    ]);
    await session.verify();
  });

  test('is sent for sampled and unsampled traces', async () => {
    const session = await startListening('standard', {}, { sampler: new AlwaysOffSampler() });
    await session.client.chat.completions.create({ ...CHAT, tools: [TOOL] });
    expect(session.spans).toEqual([]);
    expect(types(session.events)).toEqual(['model.invoke', 'tool.call', 'cost.record']);
    await session.verify();
  });

  test('is not sent for endpoints that call no model', async () => {
    const session = await startListening('full');
    await session.client.files.list();
    expect(session.events).toEqual([]);
    await session.verify();
  });
});

describe('tool.call', () => {
  const named = { type: 'tool.call', name: 'look_up', toolType: 'function', id: expect.any(String) };

  test('is sent for each tool call of a chat completion, plain or streamed', async () => {
    const session = await startListening('standard');
    await session.client.chat.completions.create({ ...CHAT, tools: [TOOL], n: 2 });
    expect(session.events.filter(({ type }) => type === 'tool.call')).toMatchObject([named, named]);
    session.events.length = 0;
    const stream = await session.client.chat.completions.create({ ...CHAT, tools: [TOOL], stream: true });
    for await (const _ of stream);
    expect(session.events.filter(({ type }) => type === 'tool.call')).toMatchObject([named]);
    await session.verify();
  });

  test('is sent for each tool call of a response, including hosted tools', async () => {
    const session = await startListening('standard');
    session.simulator.respond({
      output: [
        { webSearch: { query: 'What?' } },
        { function: { name: 'look_up', arguments: {} } },
        { message: 'It.' },
      ],
    });
    await session.client.responses.create({ model: 'gpt-4o-mini', input: 'Hello?' });
    expect(session.events.filter(({ type }) => type === 'tool.call')).toMatchObject([
      { name: 'web_search', toolType: 'web_search' },
      named,
    ]);
    await session.verify();
  });

  test('is sent in the order of the steps of a polled run, hosted tools and functions alike', async () => {
    const session = await startListening('standard');
    const { runs } = session.client.beta.threads;
    const usage = { prompt: 10, completion: 5 };
    session.simulator.script({
      steps: [
        { tools: [{ codeInterpreter: { input: 'print(1)', logs: '1' } }], usage },
        { tools: [{ function: { name: 'first', arguments: {} } }], usage },
        { tools: [{ fileSearch: { results: [] } }], usage },
        { tools: [{ function: { name: 'second', arguments: {} } }], usage },
        { message: 'It is 1.', usage },
      ],
    });
    const { id: assistant_id } = await session.client.beta.assistants.create({ model: 'gpt-4o-mini' });
    const { id: thread_id } = await session.client.beta.threads.create();
    const poll = { pollIntervalMs: 1 };
    let run = await runs.createAndPoll(thread_id, { assistant_id }, poll);
    while (run.status === 'requires_action') {
      const calls = run.required_action?.submit_tool_outputs.tool_calls ?? [];
      const tool_outputs = calls.map(({ id }) => ({ tool_call_id: id, output: '1' }));
      run = await runs.submitToolOutputsAndPoll(run.id, { thread_id, tool_outputs }, poll);
    }
    await session.provider.forceFlush();
    expect(session.events.flatMap((event) => (event.type === 'tool.call' ? event.name : []))).toEqual([
      'code_interpreter',
      'first',
      'file_search',
      'second',
    ]);
    await session.verify();
  });
});

describe('policy.violation', () => {
  test('is sent for an operation that failed', async () => {
    const session = await startListening('standard');
    session.simulator.next({
      status: 400,
      body: { error: { message: 'Hello? is no question.', code: 'content_policy_violation' } },
    });
    await expect(session.client.chat.completions.create(CHAT)).rejects.toThrow();
    expect(session.events).toMatchObject([
      { type: 'model.invoke', error: 'content_policy_violation' },
      { type: 'policy.violation', error: 'content_policy_violation', status: 400 },
    ]);
    expect(JSON.stringify(session.events)).not.toContain('Hello?');
    await session.verify();
  });
});

describe('policy.violation of a run', () => {
  test('that was not created has the status of the request', async () => {
    const session = await startListening('standard');
    session.simulator.next({ status: 429, body: { error: { message: 'No.', code: 'rate_limit_exceeded' } } });
    const creation = session.client.beta.threads.runs.create('thread_1', { assistant_id: 'asst_1' });
    await expect(creation).rejects.toThrow('429');
    expect(session.events).toContainEqual(
      expect.objectContaining({ type: 'policy.violation', error: 'rate_limit_exceeded', status: 429 }),
    );
    await session.verify();
  });
});

describe('policy.violation of a call without an operation in the conventions', () => {
  const refused = { error: { message: 'Hello? is no picture.', code: 'moderation_blocked' } };

  test.each<[string, (session: Session) => Promise<unknown>]>([
    ['POST /images/generations', ({ client }) => client.images.generate({ prompt: 'Hello?' })],
    ['POST /videos', ({ client }) => client.videos.create({ model: 'sora-2', prompt: 'Hello?' })],
    ['POST /videos', ({ client }) => client.videos.create({ prompt: 'Hello?' })],
    ['POST /moderations', ({ client }) => client.moderations.create({ input: 'Hello?' })],
  ])('is sent if it is a model call: %s', async (operation, ask) => {
    const session = await startListening('standard');
    session.simulator.next({ status: 400, body: refused });
    await expect(ask(session)).rejects.toThrow('400');
    expect(session.events).toMatchObject([
      { type: 'policy.violation', operation, error: 'moderation_blocked', status: 400 },
    ]);
    expect(JSON.stringify(session.events)).not.toContain('Hello?');
    await session.verify();
  });

  test('has its message with full and consent', async () => {
    const session = await startListening('full', { captureMessageContent: 'EVENT_ONLY' });
    session.simulator.next({ status: 400, body: refused });
    await expect(session.client.images.generate({ prompt: 'Hello?' })).rejects.toThrow('400');
    expect(session.events).toMatchObject([{ message: expect.stringContaining('no picture') }]);
    await session.verify();
  });

  test.each<[string, (session: Session) => Promise<unknown>]>([
    ['a file', ({ client }) => client.files.retrieve('file_1')],
    ['a model', ({ client }) => client.models.retrieve('ft:x')],
    ['a model that is deleted', ({ client }) => client.models.delete('ft:x')],
  ])('is not sent for other requests: %s', async (_, ask) => {
    const session = await startListening('standard');
    session.simulator.next({ status: 404, body: refused });
    await expect(ask(session)).rejects.toThrow('404');
    expect(session.events).toEqual([]);
    await session.verify();
  });
});

describe('the preset sets the level of detail', () => {
  test('minimal: no parameters, no tool calls', async () => {
    const session = await startListening('minimal');
    await session.client.chat.completions.create({ ...CHAT, tools: [TOOL] });
    expect(types(session.events)).toEqual(['model.invoke', 'cost.record']);
    expect(session.events[0]).not.toHaveProperty('parameters');
    await session.verify();
  });

  test('standard is the default', async () => {
    const session = await startListening(undefined);
    await session.client.chat.completions.create({ ...CHAT, tools: [TOOL] });
    expect(types(session.events)).toEqual(['model.invoke', 'tool.call', 'cost.record']);
    await session.verify();
  });

  const PRIVATE = { ...CHAT, tools: [TOOL], stop: 'a secret', user: 'a secret' };
  const secret = [{ role: 'user' as const, content: 'a secret' }];

  test.each<[EventPreset, OpenAIInstrumentationConfig]>([
    ['full', {}],
    ['full', { captureMessageContent: 'SPAN_ONLY' }],
    ['standard', { captureMessageContent: 'SPAN_AND_EVENT' }],
    ['minimal', { captureMessageContent: 'EVENT_ONLY' }],
  ])('%s with %j sends no content', async (preset, config) => {
    const session = await startListening(preset, config);
    await session.client.chat.completions.create({ ...PRIVATE, messages: secret });
    expect(session.events).not.toEqual([]);
    expect(JSON.stringify(session.events)).not.toMatch(/secret|simulated/);
    await session.verify();
  });

  test.each([false, true])('full with consent sends everything; streamed: %s', async (stream) => {
    const session = await startListening('full', { captureMessageContent: 'EVENT_ONLY' });
    const body = {
      ...CHAT,
      tools: [
        {
          ...TOOL,
          function: { ...TOOL.function, parameters: { properties: { term: { type: 'string' } } } },
        },
      ],
    };
    const answer = await session.client.chat.completions.create({ ...body, stream });
    if (Symbol.asyncIterator in answer) for await (const _ of answer);
    expect(session.events).toMatchObject([
      {
        type: 'model.invoke',
        inputMessages: [{ role: 'user', parts: [{ type: 'text', content: 'Hello?' }] }],
        outputMessages: [{ role: 'assistant', parts: [{ type: 'tool_call', name: 'look_up' }] }],
        toolDefinitions: [{ name: 'look_up' }],
      },
      { type: 'tool.call', arguments: { term: 'simulated' } },
      ...(stream ? [] : [{ type: 'cost.record' }]),
    ]);
    await session.verify();
  });

  test.each<[string, unknown, string, unknown]>([
    ['an object', { about: 'x' }, '{"found":4}', { found: 4 }],
    ['an object with a type', { type: 'page' }, '{"type":"text","text":"4"}', { type: 'text', text: '4' }],
    ['an object with the name of the field', { arguments: { a: 1 } }, '{"result":[4]}', { result: [4] }],
    ['a list', ['x'], '[4,5]', [4, 5]],
    ['nothing', {}, 'It is 4.', 'It is 4.'],
  ])('full sends the values of hosted tools as those of functions: %s', async (_, given, output, result) => {
    const session = await startListening('full', { captureMessageContent: 'EVENT_ONLY' });
    const called = { server: 'wiki', name: 'ask', arguments: given };
    session.simulator.respond({ output: [{ mcpCall: { ...called, output } }] });
    await session.client.responses.create({ model: 'gpt-4o-mini', input: 'Hello?' });
    const [event] = session.events.filter(({ type }) => type === 'tool.call');
    expect(event).toMatchObject({ name: 'ask', toolType: 'mcp' });
    expect([event].map((call) => call?.type === 'tool.call' && [call.arguments, call.result])).toEqual([
      [given, result],
    ]);
    await session.verify();
  });

  test('full sends what a polled run answered, sampled or not', async () => {
    const sampler = new AlwaysOffSampler();
    const session = await startListening('full', { captureMessageContent: 'EVENT_ONLY' }, { sampler });
    const { beta } = session.client;
    session.simulator.script({ steps: [{ message: 'It is 1.' }] });
    const assistant = await beta.assistants.create({ model: 'gpt-4o-mini', name: 'Tutor' });
    const thread = await beta.threads.create({ messages: [{ role: 'user', content: '1?' }] });
    const body = { assistant_id: assistant.id };
    await beta.threads.runs.createAndPoll(thread.id, body, { pollIntervalMs: 1 });
    await session.provider.forceFlush();
    expect(session.spans).toEqual([]);
    expect(session.events.find(({ type }) => type === 'model.invoke')).toMatchObject({
      operation: 'invoke_agent',
      inputMessages: [{ role: 'user', parts: [{ type: 'text', content: '1?' }] }],
      outputMessages: [{ role: 'assistant', parts: [{ type: 'text', content: 'It is 1.' }] }],
    });
    await session.verify();
  });

  test('a completion hook masks events too', async () => {
    const session = await startListening('full', {
      captureMessageContent: 'EVENT_ONLY',
      completionHook: (completion) => {
        completion.inputMessages = [];
        completion.outputMessages = [];
        completion.errorMessage = undefined;
      },
    });
    await session.client.chat.completions.create({ ...CHAT, tools: [TOOL] });
    const [invoke, call] = session.events;
    expect(invoke).not.toHaveProperty('inputMessages');
    expect(call).toMatchObject({ type: 'tool.call', name: 'look_up' });
    expect(call).not.toHaveProperty('arguments');
    await session.verify();
  });
});
