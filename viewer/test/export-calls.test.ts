import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { newFolder } from '../../test/support/folders.ts';
import type { Session, SessionOptions } from '../../test/support/session.ts';
import { openSession } from '../../test/support/use-session.ts';
import { runExportCalls } from '../src/export-calls.ts';

const SCHEMA = { name: 'answer', strict: true, schema: { type: 'object', properties: {} } };
const TOOL = { name: 'solve', description: 'Solves x.', parameters: { type: 'object', properties: {} } };
const CALL = { id: 'call_1', type: 'function', function: { name: 'solve', arguments: '{"x":1}' } } as const;
const REQUEST = {
  model: 'gpt-4o',
  messages: [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: 'https://example.org/cat.png' } },
      ],
    },
    { role: 'assistant', content: null, tool_calls: [CALL] },
    { role: 'tool', tool_call_id: 'call_1', content: 'x is 1' },
  ],
  tools: [{ type: 'function', function: TOOL }],
  tool_choice: 'auto',
  parallel_tool_calls: false,
  response_format: { type: 'json_schema', json_schema: SCHEMA },
  temperature: 0.5,
  verbosity: 'low',
  store: false,
} satisfies OpenAI.ChatCompletionCreateParams;
const PERSONAL = {
  user: 'ada',
  safety_identifier: 'ada',
  prompt_cache_key: 'a lesson that is very long',
  metadata: { name: 'Ada' },
};

type RecordingConfig = NonNullable<SessionOptions['config']>;

function startRecording(config: RecordingConfig = {}): Promise<Session> {
  return openSession({ config: { captureMessageContent: 'SPAN_ONLY', recordRequest: true, ...config } });
}

function ask(
  { client }: Session,
  content: OpenAI.ChatCompletionUserMessageParam['content'],
  more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {},
): Promise<unknown> {
  return client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content }], ...more });
}

interface Ended {
  readonly code: number;
  readonly said: string;
  readonly errors: string;
}

function run(...parameters: string[]): Ended {
  const [said, errors]: [string[], string[]] = [[], []];
  const code = runExportCalls(
    parameters,
    { write: (text) => said.push(text) },
    { write: (text) => errors.push(text) },
  );
  return { code, said: said.join(''), errors: errors.join('') };
}

/** Runs the command on a file with these spans, one per line, as OTLP/JSON. */
async function exportCalls(
  spans: readonly ReadableSpan[],
  ...parameters: string[]
): Promise<Ended & { lines: Record<string, unknown>[] }> {
  const file = join(await newFolder(), 'trace.jsonl');
  const exported = spans.map((span) => {
    const attributes = Object.entries(span.attributes).map(([key, value]) => ({
      key,
      value: { stringValue: String(value) },
    }));
    const { traceId, spanId } = span.spanContext();
    const times = { startTimeUnixNano: '1', endTimeUnixNano: '2' };
    return JSON.stringify({ traceId, spanId, name: span.name, ...times, attributes });
  });
  await writeFile(file, exported.join('\n'));
  const ended = run(file, ...parameters);
  const lines = ended.said.split('\n').filter(Boolean);
  return { ...ended, lines: lines.map((line) => JSON.parse(line)) };
}

function bodyOf({ spans }: Session): Record<string, unknown> {
  return JSON.parse(String(spans[0]?.attributes['openai.request.body']));
}

describe('recordRequest', () => {
  test('records all of a request that has no attribute of its own, without persons', async () => {
    const session = await startRecording();
    await session.client.chat.completions.create({ ...REQUEST, ...PERSONAL });
    const { messages: _, tools: __, ...rest } = REQUEST;
    expect(bodyOf(session)).toEqual(rest);
  });

  test('records named fields of persons, and the whole of a response', async () => {
    const session = await startRecording({ recordRequest: ['user', 'metadata'] });
    const rest = {
      model: 'gpt-4o',
      max_tool_calls: 2,
      truncation: 'auto' as const,
      text: { verbosity: 'low' as const },
      prompt: { id: 'pmpt_1' },
    };
    await session.client.responses.create({ ...rest, ...PERSONAL, input: 'x', instructions: 'y' });
    const { user, metadata } = PERSONAL;
    expect(bodyOf(session)).toEqual({ ...rest, user, metadata });
  });

  test('is limited like other content', async () => {
    const limited = await startRecording({ recordRequest: ['prompt_cache_key'], maxContentLength: 24 });
    await ask(limited, 'Hello', PERSONAL);
    expect(bodyOf(limited)).toMatchObject({ prompt_cache_key: 'a lesson that is very lo…' });
  });

  test.each<[RecordingConfig]>([
    [{ hideContent: 'inputs' }],
    [{ captureMessageContent: false }],
    [{ recordRequest: false }],
  ])('records nothing with %j', async (config) => {
    const session = await startRecording(config);
    await ask(session, 'Hello');
    expect(session.spans[0]?.attributes).not.toHaveProperty('openai.request.body');
  });
});

describe('export-calls', () => {
  test('writes a request that can be sent again as it was, and its answer', async () => {
    const session = await startRecording();
    const { choices } = await session.client.chat.completions.create({ ...REQUEST, ...PERSONAL });
    const { code, lines, errors } = await exportCalls(session.spans);
    expect([code, errors]).toEqual([0, '']);
    const [{ item } = {}] = lines as { item?: { request: object; answer: object } }[];
    expect(item?.request).toEqual(REQUEST);
    expect(item?.answer).toEqual([{ role: 'assistant', content: choices[0]?.message.content }]);
    const batch = await exportCalls(session.spans, '--format', 'batch');
    const { traceId, spanId } = session.spans[0]?.spanContext() ?? {};
    expect(batch.lines).toEqual([
      { custom_id: `${traceId}-${spanId}`, method: 'POST', url: '/v1/chat/completions', body: REQUEST },
    ]);
  });

  test.each([
    ['as it was sent, if the request was recorded', true, { max_tokens: 9 }],
    ['as its attribute has it, if it was not', false, { max_completion_tokens: '9' }],
  ])('joins texts in parts, and writes a parameter %s', async (_, recordRequest, parameters) => {
    const session = await startRecording({ recordRequest });
    const parts = ['Hello ', 'world'].map((text) => ({ type: 'text' as const, text }));
    await ask(session, parts, { max_tokens: 9 });
    const { lines } = await exportCalls(session.spans, '--format', 'batch');
    const messages = [{ role: 'user', content: 'Hello world' }];
    expect(lines[0]?.body).toEqual({ model: 'gpt-4o', messages, ...parameters });
  });

  test('writes a response as a request of its API, without how it was sent', async () => {
    const session = await startRecording();
    const rest = {
      model: 'gpt-4o',
      max_output_tokens: 9,
      reasoning: { effort: 'low' as const },
      text: { format: { type: 'json_schema' as const, ...SCHEMA } },
    };
    const tool = { type: 'function' as const, ...TOOL };
    const { id: conversation } = await session.client.conversations.create();
    await session.client.responses.create({
      ...rest,
      instructions: 'Be brief.',
      input: 'What is x?',
      tools: [{ ...tool, strict: false }],
      background: false,
      conversation,
    });
    const { lines } = await exportCalls(session.spans);
    const input = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'What is x?' },
    ];
    const item = {
      request: { ...rest, input, tools: [tool] },
      answer: [{ type: 'function_call', name: 'solve' }],
    };
    expect(lines[0]).toMatchObject({ item });
    expect(lines[0]).not.toHaveProperty('item.request.background');
    expect(lines[0]).not.toHaveProperty('item.request.conversation');
    const batch = await exportCalls(session.spans, '--format', 'batch');
    expect(batch.lines).toMatchObject([{ url: '/v1/responses', body: { input } }]);
  });

  test('writes calls of both APIs for evaluations, and says that a batch takes one', async () => {
    const session = await startRecording();
    await ask(session, 'Hello');
    await session.client.responses.create({ model: 'gpt-4o', input: 'Hello' });
    expect(await exportCalls(session.spans)).toMatchObject({ code: 0, lines: { length: 2 }, errors: '' });
    expect(await exportCalls(session.spans, '--format', 'batch')).toMatchObject({
      code: 0,
      lines: { length: 2 },
      errors: 'A batch accepts one url, and these lines have several: split the output by "url".\n',
    });
  });

  test('leaves out calls whose content was cut, and those with a part that a line cannot have', async () => {
    const session = await startRecording({ maxContentLength: 20 });
    await ask(session, 'What is 2 + 2?');
    await ask(session, 'What is 2 + 2, and what is 3 + 3?');
    const audio = { data: 'aGk=', format: 'wav' } as const;
    await ask(session, [
      { type: 'text', text: 'What is said?' },
      { type: 'input_audio', input_audio: audio },
    ]);
    const leftOut = 'Left out 2 calls: its content was cut, is unreadable, or cannot be written as a line.\n';
    expect(await exportCalls(session.spans, '--format', 'batch')).toMatchObject({
      code: 0,
      lines: { length: 1 },
      errors: leftOut,
    });
    expect(await exportCalls(session.spans.slice(1))).toMatchObject({
      code: 1,
      lines: [],
      errors: expect.stringContaining(leftOut),
    });
  });

  test.each([
    [2, [], 'It needs a file of traces.'],
    [2, ['a', 'b'], "Unexpected argument 'b'."],
    [2, ['a', '--format', 'csv'], '--format is neither evals nor batch.'],
    [2, ['a', '--all'], "Unknown option '--all'"],
    [1, ['/nowhere/trace.jsonl'], 'cannot be read: no such file or directory'],
  ])('ends with %d for %j, and says what is wrong', (code, parameters, problem) => {
    expect(run(...parameters)).toEqual({ code, said: '', errors: expect.stringContaining(problem) });
  });

  test('says how it is used', () => {
    expect(run('--help')).toMatchObject({
      code: 0,
      said: expect.stringMatching(/^Usage: .* export-calls <file>/),
    });
  });
});
