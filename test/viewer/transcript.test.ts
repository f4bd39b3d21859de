import type { Attributes } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { attributeText } from '../../src/viewer/messages.ts';
import { transcriptOf } from '../../src/viewer/transcript.ts';
import { makeSpans, rowsOf, type SpanPlan } from './spans.ts';

type Message = { role: string; parts: object[] };

const text = (role: string, content: string): Message => ({ role, parts: [{ type: 'text', content }] });
const call = (id: string): Message => ({
  role: 'assistant',
  parts: [{ type: 'tool_call', id, name: 'get_weather', arguments: { city: 'Paris' } }],
});
const answer = (id: string, response = 'sunny'): Message => ({
  role: 'tool',
  parts: [{ type: 'tool_call_response', id, response }],
});

let clock = 0;

function chat(input: Message[], output: Message[], attributes: Attributes = {}): SpanPlan {
  return {
    name: 'chat gpt-4o',
    start: clock++,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.input.messages': JSON.stringify(input),
      'gen_ai.output.messages': JSON.stringify(output),
      ...attributes,
    },
  };
}

/** A transcript as lines: who says what; `$` marks the answers that have a cost. */
function linesOf(...children: SpanPlan[]): string[] {
  return transcriptOf(rowsOf(makeSpans({ name: 'program', children }))).map((entry) => {
    if (entry.kind === 'heading') return `# ${entry.row.span.name}`;
    if (entry.kind === 'tool')
      return `${entry.name}(${attributeText(entry.input)}) = ${attributeText(entry.output)}`;
    const said = entry.parts.map((part) => attributeText(part.content ?? `[${part.type}]`)).join(' ');
    return `${entry.role}: ${said}${entry.usage ? ' $' : ''}`;
  });
}

it('shows a history that is sent with each call once', () => {
  const first = [text('system', 'Be brief'), text('user', 'Hello')];
  const second = [...first, text('assistant', 'Hi'), text('user', 'Hello')];
  expect(
    linesOf(chat(first, [text('assistant', 'Hi')]), chat(second, [text('assistant', 'Hi again')])),
  ).toEqual(['system: Be brief', 'user: Hello', 'assistant: Hi $', 'user: Hello', 'assistant: Hi again $']);
});

it('shows an answer once that is repeated without its citations', () => {
  const hi = text('assistant', 'Hi');
  const cited = { ...hi, parts: [...hi.parts, { type: 'citations', citations: [{ url: 'u' }] }] };
  const first = [text('user', 'Hello')];
  const second = [...first, hi, text('user', 'Bye')];
  expect(linesOf(chat(first, [cited]), chat(second, [text('assistant', 'Bye')]))).toEqual([
    'user: Hello',
    'assistant: Hi [citations] $',
    'user: Bye',
    'assistant: Bye $',
  ]);
});

it('shows only the last message of a repeated request', () => {
  const asked = [text('system', 'Be brief'), text('user', 'Hello')];
  expect(linesOf(chat(asked, [text('assistant', 'Hi')]), chat(asked, [text('assistant', 'Hey')]))).toEqual([
    'system: Be brief',
    'user: Hello',
    'assistant: Hi $',
    'user: Hello',
    'assistant: Hey $',
  ]);
});

it('keeps parallel conversations apart', () => {
  const a = [text('user', 'A')];
  const b = [text('user', 'B')];
  expect(
    linesOf(
      chat(a, [text('assistant', 'a1')]),
      chat(b, [text('assistant', 'b1')]),
      chat([...a, text('assistant', 'a1'), text('user', 'A2')], [text('assistant', 'a2')]),
      chat([...b, text('assistant', 'b1'), text('user', 'B2')], [text('assistant', 'b2')]),
    ),
  ).toEqual([
    'user: A',
    'assistant: a1 $',
    'user: B',
    'assistant: b1 $',
    'user: A2',
    'assistant: a2 $',
    'user: B2',
    'assistant: b2 $',
  ]);
});

it('shows a tool call with its result, from its own span or from a later request', () => {
  const question = [text('user', 'Weather?')];
  const answered = [...question, call('call_1'), answer('call_1')];
  const shown = 'get_weather({"city":"Paris"}) = sunny';
  const calls = [chat(question, [call('call_1')]), chat(answered, [text('assistant', 'Sunny')])] as const;
  expect(linesOf(...calls)).toEqual(['user: Weather?', 'assistant:  $', shown, 'assistant: Sunny $']);
  const tool: SpanPlan = {
    name: 'execute_tool get_weather',
    start: clock++,
    attributes: {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'get_weather',
      'gen_ai.tool.call.id': 'call_1',
      'gen_ai.tool.call.arguments': '{"city":"Paris"}',
      'gen_ai.tool.call.result': 'sunny',
    },
  };
  expect(linesOf(...calls, tool)).toEqual([
    'user: Weather?',
    'assistant:  $',
    'assistant: Sunny $',
    'get_weather({"city":"Paris"}) = sunny',
  ]);
});

describe('shows each of several tool calls that have the same id with its own result', () => {
  const question = [text('user', 'Weather?')];
  const [rain, sun] = [answer('call_0', 'rain'), answer('call_0', 'sun')];
  const asked = call('call_0');
  const both = { ...asked, parts: [...asked.parts, ...asked.parts] };
  it.each([
    [
      'of several answers',
      [
        chat(question, [asked]),
        chat([...question, asked, rain], [asked]),
        chat([...question, asked, rain, asked, sun], [text('assistant', 'Both')]),
      ],
    ],
    [
      'of one answer',
      [chat(question, [both]), chat([...question, both, rain, sun], [text('assistant', 'Both')])],
    ],
  ])('%s', (_, calls) => {
    expect(linesOf(...calls).filter((line) => line.startsWith('get_weather'))).toEqual([
      'get_weather({"city":"Paris"}) = rain',
      'get_weather({"city":"Paris"}) = sun',
    ]);
  });
});

it('shows a run with its steps, or with its output if there are none', () => {
  const input = [text('user', 'x?')];
  const run = (children: SpanPlan[]): SpanPlan => ({
    ...chat(input, [text('assistant', 'x = 1')], {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.system_instructions': JSON.stringify([{ type: 'text', content: 'Tutor' }]),
    }),
    name: 'invoke_agent Tutor',
    end: clock + 10,
    children,
  });
  const heading = ['# invoke_agent Tutor', 'system: Tutor', 'user: x?'];
  expect(linesOf(run([chat(input, [text('assistant', 'x = 1')])]))).toEqual([
    ...heading,
    'assistant: x = 1 $',
  ]);
  expect(linesOf(run([]))).toEqual([...heading, 'assistant: x = 1']);
});

describe('shows what a thread has said once, although each of its runs has all of it', () => {
  const [x, xIs1, y] = [text('user', 'x?'), text('assistant', 'x = 1'), text('user', 'y?')];
  const run = (input: Message[], output: Message[], children: SpanPlan[]): SpanPlan => ({
    ...chat(input, output, { 'gen_ai.operation.name': 'invoke_agent' }),
    name: 'invoke_agent Tutor',
    end: clock + 10,
    children,
  });
  const thread = (...children: SpanPlan[]): SpanPlan => ({
    name: 'thread',
    start: children[0]?.start ?? 0,
    attributes: { 'openai.thread.id': 'thread_1' },
    children,
  });
  const shown = [
    '# thread',
    '# invoke_agent Tutor',
    'user: x?',
    'assistant: x = 1 $',
    '# invoke_agent Tutor',
    'user: y?',
    'assistant: x = 1 $',
  ];
  const first = (): SpanPlan => run([x], [xIs1], [chat([x], [xIs1])]);
  const second = (): SpanPlan => run([x, xIs1, y], [xIs1], [chat([x, xIs1, y], [xIs1])]);

  it('in one part', () => {
    expect(linesOf(thread(first(), second()))).toEqual(shown);
  });

  it('in two parts', () => {
    const parts = shown.toSpliced(4, 0, '# thread');
    expect(linesOf(thread(first()), thread(second()))).toEqual(parts);
  });

  it('without steps', () => {
    const bare = [run([x], [xIs1], []), run([x, xIs1, y], [xIs1], [])];
    expect(linesOf(thread(...bare))).toEqual(shown.map((line) => line.replace(' $', '')));
  });

  it('after a run with tools, which the thread does not repeat', () => {
    const steps = [chat([x], [call('call_1')]), chat([x, call('call_1'), answer('call_1')], [xIs1])];
    expect(linesOf(thread(run([x], [xIs1], steps), second()))).toEqual(
      shown.toSpliced(3, 0, 'assistant:  $', 'get_weather({"city":"Paris"}) = sunny'),
    );
  });
});

it('names the tools even if content is missing or unreadable', () => {
  const bare: SpanPlan = { name: 'chat', attributes: { 'gen_ai.operation.name': 'chat' } };
  expect(linesOf(bare)).toEqual(['assistant:  $']);
  const broken = (value: string): string[] => {
    const attributes = { 'gen_ai.input.messages': value, 'gen_ai.output.messages': value };
    return linesOf({ ...bare, attributes: { ...bare.attributes, ...attributes } });
  };
  expect(broken('[{"role":1,"parts":[null]}]').at(-1)).toBe(':  $');
  for (const value of ['{', '[1]', '"x"', ''])
    expect(broken(value)).toEqual(['user: [cut]', 'assistant: [cut] $']);
});
