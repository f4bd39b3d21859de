import { execFileSync } from 'node:child_process';
import type { Attributes } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { curlOf, isRepeatable, typeScriptOf } from '../../src/page/request-code.ts';
import { toViewedSpan, type ViewedSpan } from '../../src/viewed-span.ts';
import { chat, makeSpans, messages, text } from '../spans.ts';

const json = JSON.stringify;

const MESSAGES = json([
  { role: 'system', parts: [text('Be kind')] },
  { role: 'user', parts: [text('Where?'), { type: 'blob', mime_type: 'image/png', content: '', size: 78 }] },
  { role: 'assistant', parts: [{ type: 'tool_call', id: 'c1', name: 'find', arguments: { order: 1 } }] },
  { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: 'Hamburg' }] },
]);
const TOOLS = json([{ type: 'function', name: 'find', parameters: { type: 'object' } }]);

function call(attributes: Attributes): ViewedSpan {
  const [span] = makeSpans(chat({ 'gen_ai.request.model': 'gpt-4o', ...attributes }));
  if (span === undefined) throw new Error('There is no span');
  return toViewedSpan(span);
}

const asked = (attributes: Attributes = {}): ViewedSpan =>
  call({ 'gen_ai.input.messages': MESSAGES, ...attributes });

/** What a shell passes to `curl`. */
function shellArguments(command: string): string[] {
  const echo = 'curl() { for each in "$@"; do printf \'%s\\0\' "$each"; done; }';
  return execFileSync('sh', ['-c', `${echo}\n${command}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);
}

function bodyIn(span: ViewedSpan): unknown {
  return JSON.parse(shellArguments(curlOf(span)).at(-1) ?? '');
}

describe('the code of a call', () => {
  const USER = { role: 'user', content: 'Where?\n[image/png, 78 bytes, not recorded]' };

  it('of Chat Completions has its messages, tools and parameters', () => {
    const parameters = { 'gen_ai.request.temperature': 0.5, 'gen_ai.request.max_tokens': 9 };
    const span = asked({ 'gen_ai.tool.definitions': TOOLS, ...parameters });
    expect(shellArguments(curlOf(span))).toEqual([
      'https://api.openai.com/v1/chat/completions',
      ...['-H', 'Authorization: Bearer ', '-H', 'Content-Type: application/json'],
      ...['-d', expect.any(String)],
    ]);
    const toolCall = { id: 'c1', type: 'function', function: { name: 'find', arguments: '{"order":1}' } };
    const body = {
      model: 'gpt-4o',
      messages: [
        { role: 'system', content: 'Be kind' },
        USER,
        { role: 'assistant', content: null, tool_calls: [toolCall] },
        { role: 'tool', tool_call_id: 'c1', content: 'Hamburg' },
      ],
      tools: [{ type: 'function', function: { name: 'find', parameters: { type: 'object' } } }],
      temperature: 0.5,
      max_completion_tokens: 9,
    };
    expect(bodyIn(span)).toEqual(body);
    const [, made = ''] =
      /client\.chat\.completions\.create\((.*)\);\nconsole/s.exec(typeScriptOf(span)) ?? [];
    expect(JSON.parse(made)).toEqual(body);
  });

  it('of Responses has input items', () => {
    const instructions = { 'gen_ai.system_instructions': json([text('Be kind')]) };
    const span = asked({ 'openai.api.type': 'responses', 'gen_ai.tool.definitions': TOOLS, ...instructions });
    expect(shellArguments(curlOf(span))[0]).toBe('https://api.openai.com/v1/responses');
    expect(bodyIn(span)).toEqual({
      model: 'gpt-4o',
      input: [
        { role: 'system', content: 'Be kind' },
        { role: 'system', content: 'Be kind' },
        USER,
        { type: 'function_call', call_id: 'c1', name: 'find', arguments: '{"order":1}' },
        { type: 'function_call_output', call_id: 'c1', output: 'Hamburg' },
      ],
      tools: [{ type: 'function', name: 'find', parameters: { type: 'object' } }],
    });
    expect(typeScriptOf(span)).toContain('client.responses.create({');
  });

  it('has no call of a tool that the service runs', () => {
    const call = {
      type: 'server_tool_call',
      id: 's1',
      name: 'web_search',
      server_tool_call: { type: 'web_search' },
    };
    const messages = json([{ role: 'assistant', parts: [call, text('Found')] }]);
    const span = asked({ 'gen_ai.input.messages': messages });
    expect(bodyIn(span)).toMatchObject({
      messages: [{ role: 'assistant', content: expect.stringContaining('Found') }],
    });
  });

  it('has the effort and the service tier in the format of its API', () => {
    const settings = { 'gen_ai.request.reasoning.level': 'low', 'openai.request.service_tier': 'flex' };
    expect(bodyIn(asked(settings))).toMatchObject({ reasoning_effort: 'low', service_tier: 'flex' });
    const response = asked({ 'openai.api.type': 'responses', ...settings });
    expect(bodyIn(response)).toMatchObject({ reasoning: { effort: 'low' }, service_tier: 'flex' });
  });

  it.each(["'; touch /tmp/pwned; '", '$(id)', '`id`', "\\'", '\u001b[2J\u202e', '</script>', 'a\nb'])(
    'runs nothing that a message says: %j',
    (hostile) => {
      const span = call({
        'gen_ai.input.messages': messages(hostile, text(hostile)),
        'server.address': hostile,
        'gen_ai.request.model': hostile,
      });
      expect(bodyIn(span)).toEqual({ model: hostile, messages: [{ role: hostile, content: hostile }] });
      expect(shellArguments(curlOf(span))).toHaveLength(7);
      expect(curlOf(span).split('-d ')[1]).not.toMatch(/[^ -~\n]/);
    },
  );

  it('goes where the variables of the SDK say, and never where the span says', () => {
    const span = asked({ 'server.address': 'evil.example' });
    expect(shellArguments(`OPENAI_BASE_URL=http://localhost:11434/v1\n${curlOf(span)}`)[0]).toBe(
      'http://localhost:11434/v1/chat/completions',
    );
    expect(curlOf(span)).not.toContain('evil');
    expect(typeScriptOf(span)).toContain('new OpenAI();');
  });

  it.each([
    [true, asked()],
    [false, call({})],
    [false, call({ 'gen_ai.input.messages': '[{' })],
    [false, asked({ 'gen_ai.operation.name': 'execute_tool' })],
  ])('is there only for calls whose messages were recorded: %s', (isThere, span) => {
    expect(isRepeatable(span)).toBe(isThere);
  });
});
