import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { maskingHook, type OpenAIInstrumentationConfig } from '../../src/client.ts';
import { requestOf } from '../../src/viewer/call-request.ts';
import { toViewedSpan } from '../../src/viewer/viewed-span.ts';
import type { Session } from '../support/session.ts';
import { openSession } from '../support/use-session.ts';

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

function startRecording(config: OpenAIInstrumentationConfig = {}): Promise<Session> {
  return openSession({ config: { captureMessageContent: 'SPAN_ONLY', recordRequest: true, ...config } });
}

function ask(
  { client }: Session,
  content: OpenAI.ChatCompletionUserMessageParam['content'],
  more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {},
): Promise<unknown> {
  return client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content }], ...more });
}

/** The request of the first call, as the page writes it for `curl`. */
function requestIn({ spans }: Session): Record<string, unknown> {
  const [call] = spans.filter(({ name }) => name.startsWith('chat'));
  if (call === undefined) throw new Error('There is no call');
  return JSON.parse(JSON.stringify(requestOf(toViewedSpan(call))));
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

  test('is masked and limited like other content', async () => {
    const masked = await startRecording({ recordRequest: ['user'], completionHook: maskingHook() });
    await ask(masked, 'Hello', { user: 'ada@example.org' });
    expect(bodyOf(masked)).toMatchObject({ user: '[email]' });
    const limited = await startRecording({ recordRequest: ['prompt_cache_key'], maxContentLength: 24 });
    await ask(limited, 'Hello', PERSONAL);
    expect(bodyOf(limited)).toMatchObject({ prompt_cache_key: 'a lesson that is very lo…' });
  });

  test.each<[OpenAIInstrumentationConfig]>([
    [{ hideContent: 'inputs' }],
    [{ captureMessageContent: false }],
    [{ recordRequest: false }],
  ])('records nothing with %j', async (config) => {
    const session = await startRecording(config);
    await ask(session, 'Hello');
    expect(session.spans[0]?.attributes).not.toHaveProperty('openai.request.body');
  });
});

describe('the request of a call', () => {
  test('is as it was sent', async () => {
    const session = await startRecording();
    await session.client.chat.completions.create({ ...REQUEST, ...PERSONAL });
    expect(requestIn(session)).toEqual(REQUEST);
  });

  test.each([
    ['as it was sent, if the request was recorded', true, { max_tokens: 9 }],
    ['as its attribute has it, if it was not', false, { max_completion_tokens: 9 }],
  ])('joins texts in parts, and has a parameter %s', async (_, recordRequest, parameters) => {
    const session = await startRecording({ recordRequest });
    const parts = ['Hello ', 'world'].map((text) => ({ type: 'text' as const, text }));
    await ask(session, parts, { max_tokens: 9 });
    const messages = [{ role: 'user', content: 'Hello world' }];
    expect(requestIn(session)).toEqual({ model: 'gpt-4o', messages, ...parameters });
  });

  test('of a response has the form of its API, without how it was sent', async () => {
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
    const input = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'What is x?' },
    ];
    expect(requestIn(session)).toEqual({ ...rest, input, tools: [tool] });
  });
});
