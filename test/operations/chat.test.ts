import { type Attributes, SpanKind, trace } from '@opentelemetry/api';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import type OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { type Session, startSession } from '../support/session.ts';
import { STREAMED } from './recorded.ts';

type Parameters = OpenAI.Chat.ChatCompletionCreateParamsNonStreaming;

const HELLO: Parameters = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello there' }] };
const WEATHER: OpenAI.Chat.ChatCompletionTool = {
  type: 'function',
  function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};

let session: Session;
beforeEach(async () => {
  session = await startSession();
});
afterEach(() => session.verify());

/** All attributes of the one span, but for the port, which differs from run to run. */
function attributes(): Attributes {
  expect(session.spans).toHaveLength(1);
  const { 'server.port': port, ...rest } = session.spans[0]?.attributes ?? {};
  expect(port).toBe(Number(new URL(session.simulator.url).port));
  return rest as Attributes;
}

async function read<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

const REQUEST: Attributes = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o-mini',
  'openai.api.type': 'chat_completions',
  'server.address': '127.0.0.1',
};
const RESPONSE: Attributes = {
  'gen_ai.response.id': 'chatcmpl-000001',
  'gen_ai.response.model': 'gpt-4o-mini-2024-07-18',
  'gen_ai.response.finish_reasons': ['stop'],
  'http.response.status_code': 200,
  'openai.request.id': 'req_00000000000000000000000000000001',
  'openai.response.service_tier': 'default',
  'openai.response.system_fingerprint': 'fp_0000000001',
  'openai.ratelimit.limit_requests': 10_000,
  'openai.ratelimit.limit_tokens': 200_000,
  'openai.ratelimit.remaining_requests': 9_999,
  'openai.ratelimit.remaining_tokens': 199_900,
  'openai.ratelimit.reset_requests': '6ms',
  'openai.ratelimit.reset_tokens': '30ms',
};

test('an error message is never cut inside a character', async () => {
  await session.verify();
  const config = { captureMessageContent: true, maxContentLength: 8 };
  session = await startSession({ config });
  session.simulator.next({ status: 400, body: { error: { message: 'abc😀' } } });
  await session.client.chat.completions.create(HELLO).catch(() => undefined);
  expect(session.spans[0]?.status.message).toBe('400 abc');
  const messages = session.logRecords.map(({ attributes }) => attributes['exception.message']);
  expect(messages.filter((message) => message !== undefined)).toEqual(['400 abc']);
});

test.each([
  ['the status of the provider', { code: 502, message: 'secret' }, '502'],
  ['a known code', { code: 'server_error', message: 'secret' }, 'server_error'],
  ['neither', { code: 1, message: 'secret' }, 'failed'],
])('an answer with status 200 that only reports an error fails, with %s', async (_, error, type) => {
  session.simulator.next({ body: { error } });
  await session.client.chat.completions.create(HELLO);
  expect(session.spans[0]).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': type } });
  expect(session.logRecords.map(({ eventName }) => eventName)).toContain('gen_ai.client.operation.exception');
});

test('the tokens of Gemini’s thoughts, which only the total includes, are output', async () => {
  const answer = (model: string, usage: object): void =>
    session.simulator.next({
      body: {
        id: 'chatcmpl-1',
        model,
        choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hi' } }],
        usage,
      },
    });
  const spoken = { prompt_tokens: 20, completion_tokens: 198, total_tokens: 623 };
  answer('gemini-2.5-flash', spoken);
  await session.client.chat.completions.create({ ...HELLO, model: 'gemini-2.5-flash' });
  answer('another-model', spoken);
  await session.client.chat.completions.create({ ...HELLO, model: 'another-model' });
  answer('gemini-2.5-flash', { prompt_tokens: 20, total_tokens: 623 });
  await session.client.chat.completions.create({ ...HELLO, model: 'gemini-2.5-flash' });
  const tokens = session.spans.map((span) => span.attributes['gen_ai.usage.output_tokens']);
  expect(tokens).toEqual([603, 198, 603]);
});

describe('a plain chat completion', () => {
  test('is one span below the span of the caller', async () => {
    const completion = await trace.getTracer('program').startActiveSpan('program', async (span) => {
      const answer = await session.client.chat.completions.create(HELLO);
      span.end();
      return answer;
    });
    assertSpanTree(
      session.spans,
      `
      program               kind=INTERNAL
      └─ chat gpt-4o-mini   kind=CLIENT gen_ai.response.id=${completion.id}
      `,
    );
  });

  test('has the attributes of its request and its response', async () => {
    const { usage } = await session.client.chat.completions.create(HELLO);
    expect(session.spans[0]).toMatchObject({ name: 'chat gpt-4o-mini', kind: SpanKind.CLIENT });
    expect(session.spans[0]?.status).toEqual({ code: 0 });
    expect(attributes()).toEqual({
      ...REQUEST,
      ...RESPONSE,
      'gen_ai.usage.input_tokens': usage?.prompt_tokens,
      'gen_ai.usage.output_tokens': usage?.completion_tokens,
    });
  });

  test('has every parameter that affects the model', async () => {
    await session.client.chat.completions.create({
      ...HELLO,
      frequency_penalty: 0.25,
      max_completion_tokens: 100,
      presence_penalty: -0.5,
      reasoning_effort: 'low',
      response_format: { type: 'json_object' },
      seed: 7,
      service_tier: 'flex',
      stop: ['END'],
      temperature: 0,
      top_p: 0.9,
      // Of compatible servers.
      ...{ top_k: 40 },
      n: 2,
      user: 'somebody',
      metadata: { customer: 'somebody' },
    });
    expect(attributes()).toMatchObject({
      'gen_ai.output.type': 'json',
      'gen_ai.request.choice.count': 2,
      'gen_ai.request.frequency_penalty': 0.25,
      'gen_ai.request.max_tokens': 100,
      'gen_ai.request.presence_penalty': -0.5,
      'gen_ai.request.reasoning.level': 'low',
      'gen_ai.request.seed': 7,
      'gen_ai.request.temperature': 0,
      'gen_ai.request.top_k': 40,
      'gen_ai.request.top_p': 0.9,
      'openai.request.service_tier': 'flex',
      'openai.response.service_tier': 'flex',
      'gen_ai.response.finish_reasons': ['stop', 'stop'],
    });
    expect(attributes()).not.toHaveProperty(['gen_ai.request.stop_sequences']);
    expect(JSON.stringify(attributes())).not.toContain('somebody');
  });

  test.each<[why: string, more: Partial<Parameters>, absent: string]>([
    ['one choice', { n: 1 }, 'gen_ai.request.choice.count'],
    ['the service tier `auto`', { service_tier: 'auto' }, 'openai.request.service_tier'],
  ])('omits the default: %s', async (_, more, absent) => {
    await session.client.chat.completions.create({ ...HELLO, ...more });
    expect(attributes()).not.toHaveProperty([absent]);
  });

  test.each<[more: Partial<Parameters>, type: string]>([
    [{ response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: {} } } }, 'json'],
    [{ response_format: { type: 'text' } }, 'text'],
    [{ modalities: ['text', 'audio'] }, 'speech'],
  ])('%j requests %s', async (more, type) => {
    await session.client.chat.completions.create({ ...HELLO, ...more });
    expect(attributes()['gen_ai.output.type']).toBe(type);
  });

  test('counts cached and reasoning tokens as part of the totals', async () => {
    const { usage } = await session.client.chat.completions.create({
      ...HELLO,
      prompt_cache_key: 'greetings',
      reasoning_effort: 'high',
    });
    expect(attributes()).toMatchObject({
      'gen_ai.usage.input_tokens': usage?.prompt_tokens,
      'gen_ai.usage.output_tokens': usage?.completion_tokens,
      'gen_ai.usage.cache_read.input_tokens': usage?.prompt_tokens_details?.cached_tokens,
      'gen_ai.usage.reasoning.output_tokens': usage?.completion_tokens_details?.reasoning_tokens,
    });
  });

  test('has no finish reason and no service tier that is not a word: it may be content', async () => {
    const choices = ['stop', 'The end.'].map((finish_reason, index) => ({ index, finish_reason }));
    const usage = { prompt_tokens: 1, completion_tokens: 1 };
    session.simulator.next({
      body: { id: 'chatcmpl-1', model: 'gpt-4o', service_tier: 'as you asked', choices, usage },
    });
    await session.client.chat.completions.create(HELLO);
    expect(attributes()['gen_ai.response.finish_reasons']).toEqual(['stop']);
    expect(attributes()).not.toHaveProperty(['openai.response.service_tier']);
  });

  test('that asks for a tool call has that finish reason', async () => {
    await session.client.chat.completions.create({ ...HELLO, tools: [WEATHER] });
    expect(attributes()['gen_ai.response.finish_reasons']).toEqual(['tool_calls']);
    expect(JSON.stringify(attributes())).not.toContain('get_weather');
  });
});

describe('a streamed chat completion', () => {
  test('has the attributes of a plain one, and those of its stream', async () => {
    const stream = await session.client.chat.completions.create({
      ...HELLO,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await read(stream);
    const { usage } = chunks.at(-1) ?? {};
    expect(attributes()).toEqual({
      ...REQUEST,
      ...RESPONSE,
      ...STREAMED,
      'gen_ai.usage.input_tokens': usage?.prompt_tokens,
      'gen_ai.usage.output_tokens': usage?.completion_tokens,
      'openai.stream.chunk_count': chunks.length,
    });
  });

  test('has no usage unless the caller asked for it', async () => {
    const stream = await session.client.chat.completions.create({ ...HELLO, stream: true });
    const chunks = await read(stream);
    expect(attributes()).toEqual({
      ...REQUEST,
      ...RESPONSE,
      ...STREAMED,
      'openai.stream.chunk_count': chunks.length,
      // All but the one with the role and the one with the finish reason.
      'openai.usage.estimated_output_tokens': chunks.length - 2,
    });
    const metrics = await session.metrics();
    expect(metrics.map(({ descriptor }) => descriptor.name)).not.toContain('gen_ai.client.token.usage');
  });

  test('has a finish reason for each choice, in their order', async () => {
    session.simulator.next({
      sse: [
        {
          data: {
            id: 'chatcmpl-1',
            model: 'gpt-4o',
            choices: [{ index: 1, delta: {}, finish_reason: 'length' }],
          },
        },
        {
          data: {
            id: 'chatcmpl-1',
            model: 'gpt-4o',
            choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
          },
        },
        'done',
      ],
    });
    await read(await session.client.chat.completions.create({ ...HELLO, n: 2, stream: true }));
    expect(attributes()['gen_ai.response.finish_reasons']).toEqual(['stop', 'length']);
  });

  test('ends when its last chunk is read', async () => {
    const stream = await session.client.chat.completions.create({ ...HELLO, stream: true });
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    expect(session.openSpans).toEqual(['chat gpt-4o-mini']);
    while (!(await iterator.next()).done);
    expect(session.openSpans).toEqual([]);
  });
});

describe('the metrics of chat completions', () => {
  const GROUP: Attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4o-mini',
    'gen_ai.response.model': 'gpt-4o-mini-2024-07-18',
    'server.address': '127.0.0.1',
    'server.port': expect.any(Number) as unknown as number,
  };
  const RESULT_GROUP: Attributes = {
    ...GROUP,
    'openai.response.service_tier': 'default',
    'openai.response.system_fingerprint': 'fp_0000000001',
  };

  /** What was recorded of each metric, by its name: the groups, how many values they have and their sum. */
  async function recorded(): Promise<
    Record<string, { attributes: Attributes; count: number; sum: number }[]>
  > {
    const all = await session.metrics();
    return Object.fromEntries(
      // The gauges of rate limits are tested elsewhere.
      all
        .filter(({ dataPointType }) => dataPointType === DataPointType.HISTOGRAM)
        .map(({ descriptor, dataPoints }) => [
          descriptor.name,
          dataPoints.map(({ attributes: group, value }) => {
            const { count, sum = 0 } = value as { count: number; sum?: number };
            return { attributes: group as Attributes, count, sum };
          }),
        ]),
    );
  }

  test('are the duration and the tokens, once per call', async () => {
    const { usage } = await session.client.chat.completions.create(HELLO);
    expect(await recorded()).toEqual({
      'gen_ai.client.operation.duration': [{ attributes: RESULT_GROUP, count: 1, sum: expect.any(Number) }],
      'gen_ai.client.token.usage': [
        {
          attributes: { ...RESULT_GROUP, 'gen_ai.token.type': 'input' },
          count: 1,
          sum: usage?.prompt_tokens,
        },
        {
          attributes: { ...RESULT_GROUP, 'gen_ai.token.type': 'output' },
          count: 1,
          sum: usage?.completion_tokens,
        },
      ],
    });
  });

  test.each(['off', 'each'] as const)(
    'of a stream also include those of its chunks: chunkMetrics %s',
    async (chunkMetrics) => {
      await session.verify();
      session = await startSession({ config: { chunkMetrics } });
      const chunks = await read(await session.client.chat.completions.create({ ...HELLO, stream: true }));
      expect(await recorded()).toEqual({
        'gen_ai.client.operation.duration': [{ attributes: RESULT_GROUP, count: 1, sum: expect.any(Number) }],
        'gen_ai.client.operation.time_to_first_chunk': [
          {
            attributes: GROUP,
            count: 1,
            sum: session.spans[0]?.attributes['gen_ai.response.time_to_first_chunk'],
          },
        ],
        ...(chunkMetrics === 'each' && {
          'gen_ai.client.operation.time_per_output_chunk': [
            { attributes: GROUP, count: chunks.length - 1, sum: expect.any(Number) },
          ],
        }),
      });
    },
  );

  test('of a failed call are its duration, with the error type', async () => {
    session.simulator.next({ status: 400 });
    await session.client.chat.completions.create(HELLO).catch(() => undefined);
    const { 'gen_ai.response.model': _, ...group } = GROUP;
    expect(await recorded()).toEqual({
      'gen_ai.client.operation.duration': [
        { attributes: { ...group, 'error.type': 'BadRequestError' }, count: 1, sum: expect.any(Number) },
      ],
    });
  });

  test('are the same when the trace is not sampled', async () => {
    await session.verify();
    session = await startSession({
      sampler: { shouldSample: () => ({ decision: 0 }), toString: () => 'none' },
    });
    await session.client.chat.completions.create(HELLO);
    await read(await session.client.chat.completions.create({ ...HELLO, stream: true }));
    expect(session.spans).toEqual([]);
    const metrics = await recorded();
    expect(metrics['gen_ai.client.operation.duration']).toMatchObject([
      { attributes: RESULT_GROUP, count: 2 },
    ]);
    expect(metrics['gen_ai.client.operation.time_to_first_chunk']).toMatchObject([
      { attributes: GROUP, count: 1 },
    ]);
  });

  test('do not exist for requests without a model operation', async () => {
    await session.client.models.list();
    expect(await recorded()).toEqual({});
  });
});
