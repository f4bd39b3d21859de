import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { describe, expect, test } from 'vitest';
import type { EventPreset, OpenAIInstrumentationConfig, SinkEvent } from '../../../src/client.ts';
import { startAgentProgram } from '../../support/agent-program.ts';
import { ask, askStreaming } from '../../support/ask.ts';
import { completionBody } from '../../support/bodies.ts';
import type { Session, SessionOptions } from '../../support/session.ts';
import type { ToolScript } from '../../support/simulator/script.ts';
import { outputsFor, startTutor } from '../../support/tutor.ts';
import { openSession } from '../../support/use-session.ts';

const TOOL = { type: 'function' as const, function: { name: 'look_up', parameters: {} } };
const CHAT = {
  model: 'gpt-4o-mini',
  temperature: 0.5,
  messages: [{ role: 'user' as const, content: 'Hello?' }],
};

interface Listening extends Session {
  readonly events: SinkEvent[];
}

/** A sink, and the configuration with it and with prices. */
function listen(preset: EventPreset | undefined, more: OpenAIInstrumentationConfig = {}) {
  const events: SinkEvent[] = [];
  const sink = (event: SinkEvent): void => void events.push(event);
  const prices = { 'gpt-4o-mini*': { input_mtok: 1, output_mtok: 2 } };
  return { events, config: { ...more, cost: true, prices, events: { sink, preset } } };
}

async function startListening(
  preset: EventPreset | undefined,
  more: OpenAIInstrumentationConfig = {},
  options: SessionOptions = {},
): Promise<Listening> {
  const { events, config } = listen(preset, more);
  return Object.assign(await openSession({ ...options, config }), { events });
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
  });

  test('is sent once for a stream, at its end', async () => {
    const session = await startListening('standard');
    const streamed = { stream: true, stream_options: { include_usage: true } } as const;
    const stream = await session.client.chat.completions.create({ ...CHAT, ...streamed });
    for await (const _ of stream) expect(session.events).toEqual([]);
    expect(session.events).toMatchObject([
      { type: 'model.invoke', streamed: true, timeToFirstChunk: expect.any(Number), finishReasons: ['stop'] },
      { type: 'cost.record' },
    ]);
  });

  test('has the dimensions of embeddings, and no output tokens', async () => {
    const session = await startListening('standard');
    const request = { model: 'text-embedding-3-small', input: 'It.', dimensions: 8 };
    await session.client.embeddings.create({ ...request, encoding_format: 'float' });
    const [event] = session.events;
    expect(event).toMatchObject({ type: 'model.invoke', operation: 'embeddings' });
    expect(event).toHaveProperty('tokens', { input: expect.any(Number) });
    const parameters = { encoding_formats: ['float'], 'embeddings.dimension.count': 8 };
    expect(event).toHaveProperty('parameters', parameters);
  });

  test('has the requested kind of output, and the stored prompt', async () => {
    const session = await startListening('standard');
    const { client } = session;
    await client.chat.completions.create({ ...CHAT, response_format: { type: 'json_object' } });
    const prompt = { id: 'pmpt_1', version: '2' };
    const { id: responseId } = await client.responses.create({ model: 'gpt-4o-mini', prompt });
    expect(session.events.filter(({ type }) => type === 'model.invoke')).toMatchObject([
      { parameters: { temperature: 0.5, 'output.type': 'json' } },
      { operation: 'chat', responseId, parameters: { 'prompt.name': 'pmpt_1', 'prompt.version': '2' } },
    ]);
  });

  test('of a turn and of its subagents has each token once', async () => {
    const { events, config } = listen('minimal');
    const items = [{ message: 'It says text.' }];
    const subagent = { name: 'Reader', task: 'Read it.', items, usage: { prompt: 40, completion: 4 } };
    const turn = { items: [{ subagent }], usage: { prompt: 100, completion: 20 } };
    const program = await startAgentProgram([turn], { config });
    await program.inSpan(() => program.converse('Read it.'));
    await program.telemetry.provider.forceFlush();
    expect(events.filter(({ type }) => type === 'model.invoke')).toMatchObject([
      { agentName: 'Reader', tokens: { input: 40, output: 4 } },
      { agentName: 'Helper', tokens: { input: 100, output: 20 } },
    ]);
  });

  test('is sent once for a run, with all its tokens, and its tool calls in the order of the steps', async () => {
    const { events, config } = listen('standard');
    const usage = { prompt: 10, completion: 5 };
    const calling = (...tools: readonly ToolScript[]) => ({ tools, usage });
    const steps = [
      calling({ codeInterpreter: { input: 'print(1)', logs: '1' } }),
      calling({ function: { name: 'first', arguments: {} } }),
      calling({ fileSearch: { results: [] } }),
      calling({ function: { name: 'second', arguments: {} } }),
      { message: 'It is 1.', usage },
    ];
    const { client, run, telemetry, threadId } = await startTutor({ config, runs: [{ steps }] });
    let { id, status, ...answer } = await run();
    while (status === 'requires_action') {
      const outputs = outputsFor(answer);
      ({ id, status, ...answer } = await client.beta.threads.runs.submitToolOutputsAndPoll(id, outputs));
    }
    await telemetry.provider.forceFlush();
    expect(events).toMatchObject([
      {
        type: 'model.invoke',
        operation: 'invoke_agent',
        agentName: 'Math Tutor',
        runId: id,
        conversationId: threadId,
        tokens: { input: 50, output: 25 },
      },
      { type: 'tool.call', name: 'code_interpreter', toolType: 'code_interpreter', runId: id },
      { type: 'tool.call', name: 'first', toolType: 'function', runId: id },
      { type: 'tool.call', name: 'file_search', toolType: 'file_search', runId: id },
      { type: 'tool.call', name: 'second', toolType: 'function', runId: id },
      { type: 'cost.record', cost: expect.closeTo(100e-6, 10) },
    ]);
  });

  test('is sent for unsampled traces, too, with what the answer reports of its tokens', async () => {
    const { client, events, simulator, spans } = await startListening(
      'standard',
      {},
      { sampler: new AlwaysOffSampler() },
    );
    await ask(client, 'Hello?', { model: 'gpt-4o-mini', tools: [TOOL] });
    expect(types(events)).toEqual(['model.invoke', 'tool.call', 'cost.record']);
    simulator.next({ body: completionBody('It.', { usage: { completion_tokens: 5 } }) });
    await ask(client);
    expect(events[3]).toMatchObject({ tokens: { output: 5 } });
    expect(spans).toEqual([]);
  });
});

describe('tool.call', () => {
  const named = { type: 'tool.call', name: 'look_up', toolType: 'function', id: expect.any(String) };

  test('is sent for each tool call of a chat completion, a stream and a response, hosted tools included', async () => {
    const { client, events, simulator } = await startListening('standard');
    await ask(client, 'Hello?', { tools: [TOOL], n: 2 });
    await askStreaming(client, 'Hello?', { tools: [TOOL] });
    const output = [{ webSearch: { query: 'What?' } }, { function: { name: 'look_up', arguments: {} } }];
    simulator.respond({ output });
    await client.responses.create({ model: 'gpt-4o-mini', input: 'Hello?' });
    const search = { name: 'web_search', toolType: 'web_search' };
    const calls = events.filter(({ type }) => type === 'tool.call');
    expect(calls).toMatchObject([named, named, named, search, named]);
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
  });

  test('is sent for a run that was not created, with the status of the request', async () => {
    const session = await startListening('standard');
    session.simulator.next({ status: 429, body: { error: { message: 'No.', code: 'rate_limit_exceeded' } } });
    const creation = session.client.beta.threads.runs.create('thread_1', { assistant_id: 'asst_1' });
    await expect(creation).rejects.toThrow('429');
    expect(session.events).toContainEqual(
      expect.objectContaining({ type: 'policy.violation', error: 'rate_limit_exceeded', status: 429 }),
    );
  });
});

describe('policy.violation of a call without events of its own', () => {
  const refused = { error: { message: 'Hello? is no picture.', code: 'moderation_blocked' } };

  test.each<[string, (session: Session) => Promise<unknown>]>([
    ['generate_content', ({ client }) => client.images.generate({ prompt: 'Hello?' })],
    ['POST /videos', ({ client }) => client.videos.create({ model: 'sora-2', prompt: 'Hello?' })],
    ['POST /videos', ({ client }) => client.videos.create({ prompt: 'Hello?' })],
    ['moderation', ({ client }) => client.moderations.create({ input: 'Hello?' })],
  ])('is sent if it is a model call: %s', async (operation, ask) => {
    const session = await startListening('standard');
    session.simulator.next({ status: 400, body: refused });
    await expect(ask(session)).rejects.toThrow('400');
    expect(session.events).toMatchObject([
      { type: 'policy.violation', operation, error: 'moderation_blocked', status: 400 },
    ]);
    expect(JSON.stringify(session.events)).not.toContain('Hello?');
  });

  test('is not sent for other requests, of which there are no events at all', async () => {
    const { client, events, simulator } = await startListening('full');
    await client.files.list();
    for (const send of [
      () => client.files.retrieve('file_1'),
      () => client.models.retrieve('ft:x'),
      () => client.models.delete('ft:x'),
    ]) {
      simulator.next({ status: 404, body: refused });
      await expect(send()).rejects.toThrow('404');
    }
    expect(events).toEqual([]);
  });
});

describe('the preset sets the level of detail', () => {
  test.each([
    ['minimal', false, ['model.invoke', 'cost.record']],
    [undefined, true, ['model.invoke', 'tool.call', 'cost.record']],
  ] as const)('%s: with parameters: %s, and %j', async (preset, hasParameters, sent) => {
    const { client, events } = await startListening(preset);
    await client.chat.completions.create({ ...CHAT, tools: [TOOL] });
    expect(types(events)).toEqual(sent);
    expect('parameters' in (events[0] ?? {})).toBe(hasParameters);
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
  });

  test.each([false, true])('full with consent sends everything; streamed: %s', async (stream) => {
    const session = await startListening('full', { captureMessageContent: 'EVENT_ONLY' });
    const parameters = { properties: { term: { type: 'string' } } };
    const tools = [{ ...TOOL, function: { ...TOOL.function, parameters } }];
    const answer = await session.client.chat.completions.create({ ...CHAT, tools, stream });
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
  });

  test('full sends what a polled run answered, sampled or not', async () => {
    const { events, config } = listen('full', { captureMessageContent: 'EVENT_ONLY' });
    const sampler = new AlwaysOffSampler();
    const { run, telemetry } = await startTutor({
      config,
      sampler,
      eventContent: true,
      runs: [{ steps: [{ message: 'It is 1.' }] }],
    });
    await run();
    await telemetry.provider.forceFlush();
    expect(telemetry.spans).toEqual([]);
    expect(events.find(({ type }) => type === 'model.invoke')).toMatchObject({
      operation: 'invoke_agent',
      inputMessages: [{ role: 'user', parts: [{ type: 'text', content: 'What is x?' }] }],
      outputMessages: [{ role: 'assistant', parts: [{ type: 'text', content: 'It is 1.' }] }],
    });
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
  });
});
