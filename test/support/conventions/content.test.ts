import { describe, expect, it } from 'vitest';
import type { CheckedSpan, CheckOptions } from './check.ts';
import { checkSpan } from './check.ts';
import {
  attemptSpan,
  change,
  chatSpan,
  chatSpanWithContent,
  runSpan,
  threadSpan,
  toolSpan,
} from './examples.ts';

const messages = (part: unknown, finish_reason = 'stop'): string =>
  JSON.stringify([{ role: 'assistant', parts: [part], finish_reason }]);

describe('checkSpan reports content:', () => {
  const rows: [rule: string, span: CheckedSpan, finding: string, options?: CheckOptions][] = [
    [
      'content that is not JSON',
      change(chatSpan(), { 'gen_ai.output.messages': '[{"role"' }),
      'gen_ai.output.messages is not valid JSON',
    ],
    [
      'content that is not serialised',
      change(toolSpan(), { 'gen_ai.tool.call.arguments': { city: 'Paris' } }),
      'gen_ai.tool.call.arguments should be a JSON string',
    ],
    [
      'content against its schema',
      change(chatSpan(), { 'gen_ai.output.messages': '[{"role":"assistant"}]' }),
      "gen_ai.output.messages does not match gen-ai-output-messages.json: /0 must have required property 'parts'",
    ],
    [
      'a nested tool definition',
      change(chatSpan(), { 'gen_ai.tool.definitions': '[{"type":"function","function":{"name":"add"}}]' }),
      "gen_ai.tool.definitions does not match gen-ai-tool-definitions.json: /0 must have required property 'name'",
    ],
    [
      'a part of an unknown type',
      change(chatSpan(), { 'gen_ai.output.messages': messages({ type: 'txt', content: '4' }) }),
      'gen_ai.output.messages has a part of the unknown type "txt"',
    ],
    [
      'an instruction of an unknown type',
      change(chatSpan(), { 'gen_ai.system_instructions': '[{"type":"txt","content":"x"}]' }),
      'gen_ai.system_instructions has a part of the unknown type "txt"',
    ],
    [
      'an unknown finish reason of a message',
      change(chatSpan(), {
        'gen_ai.output.messages': messages({ type: 'text', content: '4' }, 'tool_calls'),
      }),
      'gen_ai.output.messages has the unknown finish reason "tool_calls"',
    ],
    [
      'content without consent',
      change(chatSpan(), { 'gen_ai.input.messages': '[]' }),
      'gen_ai.input.messages is content, which is not allowed here',
      { content: false },
    ],
    [
      "a provider's message without consent",
      change(attemptSpan(), {}, { status: { code: 2, message: 'You said …' } }),
      'status has a message, which may echo input',
      { content: false },
    ],
  ];

  it.each(rows)('%s', (_rule, span, finding, options) => {
    expect(checkSpan(span, options)).toEqual([`${span.name}: ${finding}`]);
  });
});

describe('without consent', () => {
  const content = { content: false };

  it('spans without content have no findings', () => {
    const spans = [chatSpan(), runSpan(), threadSpan(), attemptSpan()];
    expect(spans.flatMap((span) => checkSpan(span, content))).toEqual([]);
  });

  it('content on an event is found', () => {
    const event = { name: 'openai.run.request', attributes: { 'gen_ai.input.messages': '[]' } };
    expect(checkSpan({ ...runSpan(), events: [event] }, content)).toContain(
      'invoke_agent Math Tutor: event openai.run.request: gen_ai.input.messages is content, which is not allowed here',
    );
  });

  it('every attribute with content is found', () => {
    expect(checkSpan(chatSpanWithContent(), content)).toHaveLength(4);
  });

  it.each([
    'gen_ai.agent.description',
    'gen_ai.request.stop_sequences',
    'gen_ai.prompt.variable.city',
    'gen_ai.retrieval.query.text',
    'openai.trace.input',
  ])('%s is content', (name) => {
    const findings = checkSpan(change(chatSpan(), { [name]: '' }), content);
    expect(findings).toContain(`chat gpt-4o: ${name} is content, which is not allowed here`);
  });
});
