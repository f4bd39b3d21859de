import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, test } from 'vitest';
import { maskingHook, type OpenAIInstrumentationConfig } from '../../src/client.ts';
import { runExportCalls } from '../../src/viewer/export-calls.ts';
import { type Session, startSession } from '../support/session.ts';

const SCHEMA = { name: 'answer', strict: true, schema: { type: 'object', properties: {} } };
const TOOL = { name: 'solve', description: 'Solves x.', parameters: { type: 'object', properties: {} } };
const REQUEST = {
  model: 'gpt-4o',
  messages: [
    { role: 'system' as const, content: 'Be brief.' },
    {
      role: 'user' as const,
      content: [
        { type: 'text' as const, text: 'What is this?' },
        { type: 'image_url' as const, image_url: { url: 'https://example.org/cat.png' } },
      ],
    },
    {
      role: 'assistant' as const,
      content: null,
      tool_calls: [
        { id: 'call_1', type: 'function' as const, function: { name: 'solve', arguments: '{"x":1}' } },
      ],
    },
    { role: 'tool' as const, tool_call_id: 'call_1', content: 'x is 1' },
  ],
  tools: [{ type: 'function' as const, function: TOOL }],
  tool_choice: 'auto' as const,
  parallel_tool_calls: false,
  response_format: { type: 'json_schema' as const, json_schema: SCHEMA },
  temperature: 0.5,
  verbosity: 'low' as const,
  store: false,
};
const PERSONAL = {
  user: 'ada',
  safety_identifier: 'ada',
  prompt_cache_key: 'a lesson that is very long',
  metadata: { name: 'Ada' },
};

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

function startRecording(config: OpenAIInstrumentationConfig = {}): Promise<Session> {
  return startSession({ config: { captureMessageContent: 'SPAN_ONLY', recordRequest: true, ...config } });
}

/** Runs the command on a file with these spans, one per line, as OTLP/JSON. */
async function exportCalls(
  spans: readonly ReadableSpan[],
  ...parameters: string[]
): Promise<{ code: number; lines: Record<string, unknown>[]; errors: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'calls-'));
  folders.push(folder);
  const file = join(folder, 'trace.jsonl');
  const lines = spans.map((span) => {
    const attributes = Object.entries(span.attributes).map(([key, value]) => ({
      key,
      value: { stringValue: String(value) },
    }));
    const { traceId, spanId } = span.spanContext();
    return JSON.stringify({
      traceId,
      spanId,
      name: span.name,
      startTimeUnixNano: '1',
      endTimeUnixNano: '2',
      attributes,
    });
  });
  await writeFile(file, lines.join('\n'));
  const [output, errors] = [[] as string[], [] as string[]];
  const code = runExportCalls(
    [file, ...parameters],
    { write: (text) => output.push(text) },
    { write: (text) => errors.push(text) },
  );
  return { code, lines: output.map((line) => JSON.parse(line)), errors: errors.join('') };
}

function bodyOf({ spans }: Session, index = 0): Record<string, unknown> {
  return JSON.parse(String(spans[index]?.attributes['openai.request.body']));
}

const LEFT_OUT = 'Left out 1 call: its content was cut, is unreadable, or cannot be written as a line.';

describe('recordRequest', () => {
  test('records all of a request that has no attribute of its own, without persons', async () => {
    const session = await startRecording();
    await session.client.chat.completions.create({ ...REQUEST, ...PERSONAL });
    const { messages: _, tools: __, ...rest } = REQUEST;
    expect(bodyOf(session)).toEqual(rest);
    await session.verify();
  });

  test('records named fields of persons, and the whole of a response', async () => {
    const session = await startRecording({ recordRequest: ['user', 'metadata'] });
    const rest = {
      model: 'gpt-4o',
      max_tool_calls: 2,
      truncation: 'auto' as const,
      text: { verbosity: 'low' as const },
    };
    const prompt = { id: 'pmpt_1' };
    await session.client.responses.create({ ...rest, ...PERSONAL, prompt, input: 'x', instructions: 'y' });
    const { user, metadata } = PERSONAL;
    expect(bodyOf(session)).toEqual({ ...rest, user, metadata, prompt });
    await session.verify();
  });

  test('is masked, limited and hidden like other content, and recorded only with consent', async () => {
    const masked = await startRecording({ recordRequest: ['user'], completionHook: maskingHook() });
    await masked.client.chat.completions.create({ ...REQUEST, user: 'ada@example.org' });
    expect(bodyOf(masked)).toMatchObject({ user: '[email]' });
    await masked.verify();
    const limited = await startRecording({ recordRequest: ['prompt_cache_key'], maxContentLength: 24 });
    await limited.client.chat.completions.create({ ...REQUEST, ...PERSONAL });
    expect(bodyOf(limited)).toMatchObject({ prompt_cache_key: 'a lesson that is very lo…' });
    await limited.verify();
    for (const config of [
      { hideContent: 'inputs' },
      { captureMessageContent: false },
      { recordRequest: false },
    ] as const) {
      const without = await startRecording(config);
      await without.client.chat.completions.create(REQUEST);
      expect(without.spans[0]?.attributes).not.toHaveProperty('openai.request.body');
      await without.verify();
    }
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
    await session.verify();
  });

  test('writes the maximum of tokens as it was sent, and texts in parts as they were', async () => {
    const session = await startRecording();
    const content = ['Hello ', 'world'].map((text) => ({ type: 'text' as const, text }));
    await session.client.chat.completions.create({
      model: 'gpt-4o',
      messages: [{ role: 'user', content }],
      max_tokens: 9,
    });
    const { lines } = await exportCalls(session.spans, '--format', 'batch');
    const messages = [{ role: 'user', content: 'Hello world' }];
    expect(lines[0]?.body).toEqual({ model: 'gpt-4o', messages, max_tokens: 9 });
    await session.verify();
  });

  test('writes the parameters that attributes have if the request was not recorded', async () => {
    const session = await startRecording({ recordRequest: false });
    await session.client.chat.completions.create({
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'Hello' }],
      max_tokens: 9,
    });
    const { lines } = await exportCalls(session.spans, '--format', 'batch');
    const messages = [{ role: 'user', content: 'Hello' }];
    expect(lines[0]?.body).toEqual({ model: 'gpt-4o', messages, max_completion_tokens: '9' });
    await session.verify();
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
    expect(lines[0]).toMatchObject({
      item: {
        request: { ...rest, input, tools: [tool] },
        answer: [{ type: 'function_call', name: 'solve' }],
      },
    });
    expect(lines[0]).not.toHaveProperty('item.request.background');
    expect(lines[0]).not.toHaveProperty('item.request.conversation');
    const batch = await exportCalls(session.spans, '--format', 'batch');
    expect(batch.lines).toMatchObject([{ url: '/v1/responses', body: { input } }]);
    await session.verify();
  });

  test('writes calls of both APIs for evaluations, and says that a batch takes one', async () => {
    const session = await startRecording();
    const both = { model: 'gpt-4o', temperature: 0 };
    await session.client.chat.completions.create({ ...both, messages: [{ role: 'user', content: 'Hello' }] });
    await session.client.responses.create({ ...both, input: 'Hello' });
    expect(await exportCalls(session.spans)).toMatchObject({ code: 0, lines: { length: 2 }, errors: '' });
    const batch = await exportCalls(session.spans, '--format', 'batch');
    expect(batch).toMatchObject({
      code: 0,
      lines: { length: 2 },
      errors: 'A batch accepts one url, and these lines have several: split the output by "url".\n',
    });
    await session.verify();
  });

  test('leaves out calls with a part that a line cannot have, such as audio by its address', async () => {
    const session = await startRecording();
    const audio = { data: 'aGk=', format: 'wav' as const };
    await session.client.chat.completions.create({
      model: 'gpt-4o',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is said?' },
            { type: 'input_audio', input_audio: audio },
          ],
        },
      ],
    });
    const { code, lines, errors } = await exportCalls(session.spans);
    expect([code, lines]).toEqual([1, []]);
    expect(errors).toContain(LEFT_OUT);
  });

  test('leaves out calls whose content was cut, and says so', async () => {
    const session = await startRecording({ maxContentLength: 20 });
    const ask = (content: string) =>
      session.client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content }] });
    await ask('What is 2 + 2?');
    await ask('What is 2 + 2, and what is 3 + 3?');
    const { code, lines, errors } = await exportCalls(session.spans, '--format', 'batch');
    expect([code, lines.length]).toEqual([0, 1]);
    expect(errors).toContain(LEFT_OUT);
    const none = await exportCalls(session.spans.slice(1), '--format', 'batch');
    expect([none.code, none.lines]).toEqual([1, []]);
    await session.verify();
  });

  test.each([
    [[], 'It needs a file of traces.'],
    [['a', 'b'], "Unexpected argument 'b'."],
    [['a', '--format', 'csv'], '--format is neither evals nor batch.'],
    [['a', '--all'], "Unknown option '--all'"],
  ])('refuses %j', (parameters, problem) => {
    const errors: string[] = [];
    expect(
      runExportCalls(parameters, { write: () => undefined }, { write: (text) => errors.push(text) }),
    ).toBe(2);
    expect(errors.join('')).toContain(problem);
  });

  test('says what is wrong with a file, and how it is used', () => {
    const said: string[] = [];
    const stream = { write: (text: string) => said.push(text) };
    expect(runExportCalls(['/nowhere/trace.jsonl'], stream, stream)).toBe(1);
    expect(runExportCalls(['--help'], stream, stream)).toBe(0);
    expect(said.join('')).toMatch(
      /cannot be read: no such file or directory[\s\S]*Usage: .* export-calls <file>/,
    );
  });
});
