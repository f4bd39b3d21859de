import { type Attributes, SpanKind, trace } from '@opentelemetry/api';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { completionBody } from '../support/bodies.ts';
import { type Session, type SessionOptions, startSession } from '../support/session.ts';
import { STREAMED_TEXT } from './recorded.ts';

type Parameters = OpenAI.Chat.ChatCompletionCreateParamsNonStreaming;

const HELLO: Parameters = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello there' }] };
const GROUP: Attributes = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o-mini',
  'server.address': '127.0.0.1',
  'server.port': expect.any(Number) as unknown as number,
};
const RESULT_GROUP: Attributes = {
  ...GROUP,
  'gen_ai.response.model': 'gpt-4o-mini-2024-07-18',
  'openai.response.service_tier': 'default',
  'openai.response.system_fingerprint': 'fp_0000000001',
};
const WHOLE: Attributes = {
  ...RESULT_GROUP,
  'gen_ai.response.id': 'chatcmpl-000001',
  'gen_ai.response.finish_reasons': ['stop'],
  'openai.api.type': 'chat_completions',
  'openai.request.id': 'req_00000000000000000000000000000001',
};

/** Runs a program, which is verified then, and gives the attributes of its last span. */
async function attributesOf(
  run: (session: Session) => Promise<unknown>,
  options?: SessionOptions,
): Promise<Record<string, unknown>> {
  const session = await startSession(options);
  await run(session);
  await session.verify();
  return { ...session.spans.at(-1)?.attributes };
}

test('a chat completion is one span below that of its caller, with the attributes of request and response', async () => {
  const session = await startSession();
  const { usage } = await trace.getTracer('program').startActiveSpan('program', async (span) => {
    const answer = await session.client.chat.completions.create(HELLO);
    span.end();
    return answer;
  });
  assertSpanTree(
    session.spans,
    `
    program
    └─ chat gpt-4o-mini
    `,
  );
  expect(session.spans[0]).toMatchObject({ kind: SpanKind.CLIENT, status: { code: 0 } });
  expect(session.spans[0]?.attributes).toEqual({
    ...WHOLE,
    'server.port': Number(new URL(session.simulator.url).port),
    'gen_ai.usage.input_tokens': usage?.prompt_tokens,
    'gen_ai.usage.output_tokens': usage?.completion_tokens,
  });
  // Past 16, the objects of OpenTelemetry's SDK that hold attributes are slow.
  expect(Object.keys(session.spans[0]?.attributes ?? {}).length).toBeLessThanOrEqual(16);
  await session.verify();
});

test('a streamed chat completion has the same attributes, and those of its stream', async () => {
  let chunks: readonly OpenAI.Chat.ChatCompletionChunk[] = [];
  const attributes = await attributesOf(async ({ client }) => {
    const asked = { ...HELLO, stream: true as const, stream_options: { include_usage: true } };
    chunks = await Array.fromAsync(await client.chat.completions.create(asked));
  });
  const { usage } = chunks.at(-1) ?? {};
  expect(attributes).toEqual({
    ...WHOLE,
    ...STREAMED_TEXT,
    'gen_ai.usage.input_tokens': usage?.prompt_tokens,
    'gen_ai.usage.output_tokens': usage?.completion_tokens,
    'openai.stream.chunk_count': chunks.length,
  });
});

const FORMAT = 'gen_ai.output.type';

test.each<[asked: object, recorded: Record<string, unknown>]>([
  [
    {
      frequency_penalty: 0.25,
      max_completion_tokens: 100,
      max_tokens: 5,
      presence_penalty: -0.5,
      reasoning_effort: 'low',
      seed: 7,
      service_tier: 'flex',
      temperature: 0,
      top_p: 0.9,
      // Of compatible servers.
      top_k: 40,
      n: 2,
    },
    {
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
    },
  ],
  [{ n: 1 }, { 'gen_ai.request.choice.count': undefined }],
  [{ service_tier: 'auto' }, { 'openai.request.service_tier': undefined }],
  [{ reasoning_effort: 'as somebody asked' }, { 'gen_ai.request.reasoning.level': undefined }],
  [{ stop: ['END'] }, { 'gen_ai.request.stop_sequences': undefined }],
  [{ response_format: { type: 'json_object' } }, { [FORMAT]: 'json' }],
  [{ response_format: { type: 'json_schema', json_schema: { name: 'answer' } } }, { [FORMAT]: 'json' }],
  [{ response_format: { type: 'text' } }, { [FORMAT]: 'text' }],
  [{ response_format: { type: 'something_new' } }, { [FORMAT]: undefined }],
  [{ modalities: ['text', 'audio'] }, { [FORMAT]: 'speech' }],
])('a chat completion with %j has %j', async (asked, recorded) => {
  const attributes = await attributesOf(({ client }) =>
    client.chat.completions.create({ ...HELLO, ...asked, user: 'somebody', metadata: { by: 'somebody' } }),
  );
  for (const [name, value] of Object.entries(recorded)) expect(attributes[name]).toEqual(value);
  expect(JSON.stringify(attributes)).not.toContain('somebody');
});

const THOUGHT = { prompt_tokens: 20, completion_tokens: 198, total_tokens: 623 };

test.each([
  ['Gemini', 'gemini-2.5-flash', THOUGHT, 603],
  [
    'Gemini, if all tokens are thoughts',
    'gemini-2.5-flash',
    { ...THOUGHT, completion_tokens: undefined },
    603,
  ],
  ['no other model', 'another-model', THOUGHT, 198],
])(
  'the tokens of thoughts, which only the total includes, are output of %s',
  async (_, model, usage, tokens) => {
    const attributes = await attributesOf(({ client, simulator }) => {
      simulator.next({ body: completionBody('Hi', { model, usage }) });
      return client.chat.completions.create({ ...HELLO, model });
    });
    expect(attributes['gen_ai.usage.output_tokens']).toBe(tokens);
  },
);

test('a finish reason or service tier that is not a word is not recorded: it may be content', async () => {
  const choices = ['stop', 'The end.'].map((finish_reason, index) => ({ index, finish_reason }));
  const attributes = await attributesOf(({ client, simulator }) => {
    simulator.next({ body: completionBody('', { choices, service_tier: 'as you asked' }) });
    return client.chat.completions.create(HELLO);
  });
  expect(attributes['gen_ai.response.finish_reasons']).toEqual(['stop']);
  expect(attributes).not.toHaveProperty(['openai.response.service_tier']);
});

describe('the metrics of chat completions', () => {
  const DURATION = 'gen_ai.client.operation.duration';
  const FIRST_CHUNK = 'gen_ai.client.operation.time_to_first_chunk';
  const {
    'openai.response.service_tier': _,
    'openai.response.system_fingerprint': __,
    ...CHUNKS
  } = RESULT_GROUP;
  const UNSAMPLED = { sampler: { shouldSample: () => ({ decision: 0 }), toString: () => 'none' } };

  const plain = ({ client }: Session): Promise<unknown> => client.chat.completions.create(HELLO);
  const streamed = async ({ client }: Session): Promise<unknown> =>
    Array.fromAsync(await client.chat.completions.create({ ...HELLO, stream: true }));
  const failed = async (session: Session): Promise<unknown> => {
    session.simulator.next({ status: 400 });
    return plain(session).catch(() => undefined);
  };

  /** How many values each histogram has, by its groups. */
  async function counted(session: Session): Promise<Record<string, unknown>> {
    const histograms = (await session.metrics()).filter(
      ({ dataPointType }) => dataPointType === DataPointType.HISTOGRAM,
    );
    return Object.fromEntries(
      histograms.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        dataPoints.map(({ attributes, value }) => [attributes, (value as { count: number }).count]),
      ]),
    );
  }

  test.each<[what: string, SessionOptions, (session: Session) => Promise<unknown>, expected: object]>([
    [
      'are the duration and the tokens',
      {},
      plain,
      {
        [DURATION]: [[RESULT_GROUP, 1]],
        'gen_ai.client.token.usage': ['input', 'output'].map((type) => [
          { ...RESULT_GROUP, 'gen_ai.token.type': type },
          1,
        ]),
      },
    ],
    [
      'of a stream include the time to its first chunk',
      { config: { chunkMetrics: 'off' } },
      streamed,
      { [DURATION]: [[RESULT_GROUP, 1]], [FIRST_CHUNK]: [[CHUNKS, 1]] },
    ],
    [
      'of a stream include the time of each chunk if asked for',
      { config: { chunkMetrics: 'each' } },
      streamed,
      {
        [DURATION]: [[RESULT_GROUP, 1]],
        [FIRST_CHUNK]: [[CHUNKS, 1]],
        'gen_ai.client.operation.time_per_output_chunk': [[CHUNKS, 6]],
      },
    ],
    [
      'of a failed call are its duration, with the error type',
      {},
      failed,
      { [DURATION]: [[{ ...GROUP, 'error.type': 'BadRequestError' }, 1]] },
    ],
    [
      'are the same when the trace is not sampled',
      UNSAMPLED,
      streamed,
      { [DURATION]: [[RESULT_GROUP, 1]], [FIRST_CHUNK]: [[CHUNKS, 1]] },
    ],
    ['do not exist for requests without a model operation', {}, ({ client }) => client.models.list(), {}],
  ])('%s', async (_what, options, run, expected) => {
    const session = await startSession(options);
    await run(session);
    expect(await counted(session)).toEqual(expected);
    await session.verify();
  });
});
