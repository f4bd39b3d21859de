import type { Attributes } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { attributeText } from '../src/messages.ts';
import { transcriptOf } from '../src/transcript.ts';
import { chat as chatPlan, makeSpans, rowsOf, type SpanPlan, text as textPart } from './spans.ts';

type Message = { role: string; parts: object[] };

const text = (role: string, content: string): Message => ({ role, parts: [textPart(content)] });
const user = (content: string): Message => text('user', content);
const reply = (content: string): Message => text('assistant', content);
const call = (id: string): Message => ({
  role: 'assistant',
  parts: [{ type: 'tool_call', id, name: 'get_weather', arguments: { city: 'Paris' } }],
});
const answer = (id: string, response = 'sunny'): Message => ({
  role: 'tool',
  parts: [{ type: 'tool_call_response', id, response }],
});
const SUNNY = 'get_weather({"city":"Paris"}) = sunny';

let clock = 0;

const chat = (input: Message[], output: Message[], attributes: Attributes = {}): SpanPlan =>
  chatPlan(
    {
      'gen_ai.input.messages': JSON.stringify(input),
      'gen_ai.output.messages': JSON.stringify(output),
      ...attributes,
    },
    { start: clock++ },
  );
const run = (input: Message[], output: Message[], children: SpanPlan[], more: Attributes = {}): SpanPlan => ({
  ...chat(input, output, { 'gen_ai.operation.name': 'invoke_agent', ...more }),
  name: 'invoke_agent Tutor',
  end: clock + 10,
  children,
});

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

const HELLO = [text('system', 'Be brief'), user('Hello')];
const CITED = { ...reply('Hi'), parts: [textPart('Hi'), { type: 'citations', citations: [{ url: 'u' }] }] };

it.each<[string, SpanPlan[], string[]]>([
  [
    'a history that is sent with each call once',
    [chat(HELLO, [reply('Hi')]), chat([...HELLO, reply('Hi'), user('Hello')], [reply('Hi again')])],
    ['system: Be brief', 'user: Hello', 'assistant: Hi $', 'user: Hello', 'assistant: Hi again $'],
  ],
  [
    'an answer once that is repeated without its citations',
    [chat([user('Hello')], [CITED]), chat([user('Hello'), reply('Hi'), user('Bye')], [reply('Bye')])],
    ['user: Hello', 'assistant: Hi [citations] $', 'user: Bye', 'assistant: Bye $'],
  ],
  [
    'only the last message of a repeated request',
    [chat(HELLO, [reply('Hi')]), chat(HELLO, [reply('Hey')])],
    ['system: Be brief', 'user: Hello', 'assistant: Hi $', 'user: Hello', 'assistant: Hey $'],
  ],
  [
    'parallel conversations apart',
    [
      chat([user('A')], [reply('a1')]),
      chat([user('B')], [reply('b1')]),
      chat([user('A'), reply('a1'), user('A2')], [reply('a2')]),
      chat([user('B'), reply('b1'), user('B2')], [reply('b2')]),
    ],
    [
      ...['user: A', 'assistant: a1 $', 'user: B', 'assistant: b1 $'],
      ...['user: A2', 'assistant: a2 $', 'user: B2', 'assistant: b2 $'],
    ],
  ],
  [
    'each message once if a program sends only the newest',
    [
      chat([user('A')], [reply('a')]),
      chat([user('A'), reply('a'), user('B')], [reply('b')]),
      chat([user('B'), reply('b'), user('C')], [reply('c')]),
    ],
    ['user: A', 'assistant: a $', 'user: B', 'assistant: b $', 'user: C', 'assistant: c $'],
  ],
  [
    'a question that is sent again after it had no answer once',
    [chatPlan({ 'gen_ai.input.messages': JSON.stringify(HELLO) }), chat(HELLO, [reply('Hi')])],
    ['system: Be brief', 'user: Hello', 'assistant:  $', 'assistant: Hi $'],
  ],
  [
    'the same question with the same answer as often as there was one',
    [run([user('Go')], [reply('OK')], []), run([user('Go')], [reply('OK')], [])].map((each) => ({
      name: 'session',
      start: each.start ?? 0,
      attributes: { 'openai.session.id': 'sess_1' },
      children: [each],
    })),
    Array(2).fill(['# session', '# invoke_agent Tutor', 'user: Go', 'assistant: OK']).flat(),
  ],
  [
    'what was transcribed once, although a response has it as its input',
    ['Yes', 'Yes', 'No'].flatMap((words) => [
      chat([], [user(words)], { 'gen_ai.operation.name': 'speech_to_text', 'openai.api.type': 'realtime' }),
      chat([user(words)], [reply('Fine')]),
    ]),
    ['Yes', 'Yes', 'No'].flatMap((words) => [`user: ${words} $`, 'assistant: Fine $']),
  ],
])('shows %s', (_, calls, lines) => {
  expect(linesOf(...calls)).toEqual(lines);
});

it('shows a tool of the service like a function, with its result, and not again if it has a span', () => {
  const parts = [
    { type: 'server_tool_call', id: 'ci_1', name: 'code', server_tool_call: { type: 'code', source: '1+1' } },
    {
      type: 'server_tool_call_response',
      id: 'ci_1',
      server_tool_call_response: { type: 'code', result: '2' },
    },
    textPart('It is 2.'),
  ];
  const asked = chat([user('1 + 1?')], [{ role: 'assistant', parts }]);
  expect(linesOf(asked)).toEqual(['user: 1 + 1?', 'assistant: It is 2. $', 'code({"source":"1+1"}) = 2']);
  const ran = {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'code',
    'gen_ai.tool.call.id': 'ci_1',
  };
  const tool: SpanPlan = { name: 'execute_tool code', start: clock++, attributes: ran };
  expect(linesOf(asked, tool)).toEqual([
    'user: 1 + 1?',
    'assistant: It is 2. $',
    'code(undefined) = undefined',
  ]);
});

it('shows a tool call with its result, from its own span or from a later request', () => {
  const question = [user('Weather?')];
  const answered = [...question, call('call_1'), answer('call_1')];
  const calls = [chat(question, [call('call_1')]), chat(answered, [reply('Sunny')])] as const;
  expect(linesOf(...calls)).toEqual(['user: Weather?', 'assistant:  $', SUNNY, 'assistant: Sunny $']);
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
  expect(linesOf(...calls, tool)).toEqual(['user: Weather?', 'assistant:  $', 'assistant: Sunny $', SUNNY]);
});

describe('shows each of several tool calls that have the same id with its own result', () => {
  const question = [user('Weather?')];
  const [rain, sun] = [answer('call_0', 'rain'), answer('call_0', 'sun')];
  const asked = call('call_0');
  const both = { ...asked, parts: [...asked.parts, ...asked.parts] };
  it.each([
    [
      'of several answers',
      [
        chat(question, [asked]),
        chat([...question, asked, rain], [asked]),
        chat([...question, asked, rain, asked, sun], [reply('Both')]),
      ],
    ],
    ['of one answer', [chat(question, [both]), chat([...question, both, rain, sun], [reply('Both')])]],
  ])('%s', (_, calls) => {
    expect(linesOf(...calls).filter((line) => line.startsWith('get_weather'))).toEqual([
      'get_weather({"city":"Paris"}) = rain',
      'get_weather({"city":"Paris"}) = sun',
    ]);
  });
});

it('shows what any other span was given and returned', () => {
  const traced = { 'openai.trace.input': '["Weather?"]', 'openai.trace.output': '"Sunny"' };
  const answer: SpanPlan = { name: 'answer', start: clock++, end: clock + 10, attributes: traced };
  expect(linesOf({ ...answer, children: [chat([user('Weather?')], [reply('Sunny')])] })).toEqual([
    'answer(Weather?) = Sunny',
    'user: Weather?',
    'assistant: Sunny $',
  ]);
  expect(linesOf(chat([user('Paris')], [], { 'gen_ai.operation.name': 'embeddings' }))).toEqual([
    'user: Paris',
  ]);
});

it('shows a run with its steps, or with its output if there are none', () => {
  const [input, output] = [[user('x?')], [reply('x = 1')]];
  const instructions = { 'gen_ai.system_instructions': JSON.stringify([textPart('Tutor')]) };
  const heading = ['# invoke_agent Tutor', 'system: Tutor', 'user: x?'];
  expect(linesOf(run(input, output, [chat(input, output)], instructions))).toEqual([
    ...heading,
    'assistant: x = 1 $',
  ]);
  expect(linesOf(run(input, output, [], instructions))).toEqual([...heading, 'assistant: x = 1']);
});

describe('shows what a thread has said once, although each of its runs has all of it', () => {
  const [x, xIs1, y] = [user('x?'), reply('x = 1'), user('y?')];
  const thread = (...children: SpanPlan[]): SpanPlan => ({
    name: 'thread',
    start: children[0]?.start ?? 0,
    attributes: { 'openai.thread.id': 'thread_1' },
    children,
  });
  const shown = [
    ...['# thread', '# invoke_agent Tutor', 'user: x?', 'assistant: x = 1 $'],
    ...['# invoke_agent Tutor', 'user: y?', 'assistant: x = 1 $'],
  ];
  const first = (): SpanPlan => run([x], [xIs1], [chat([x], [xIs1])]);
  const second = (): SpanPlan => run([x, xIs1, y], [xIs1], [chat([x, xIs1, y], [xIs1])]);

  it('in one part or in two', () => {
    expect(linesOf(thread(first(), second()))).toEqual(shown);
    expect(linesOf(thread(first()), thread(second()))).toEqual(shown.toSpliced(4, 0, '# thread'));
  });

  it('without steps', () => {
    const bare = [run([x], [xIs1], []), run([x, xIs1, y], [xIs1], [])];
    expect(linesOf(thread(...bare))).toEqual(shown.map((line) => line.replace(' $', '')));
  });

  it('after a run with tools, which the thread does not repeat', () => {
    const steps = [chat([x], [call('call_1')]), chat([x, call('call_1'), answer('call_1')], [xIs1])];
    expect(linesOf(thread(run([x], [xIs1], steps), second()))).toEqual(
      shown.toSpliced(3, 0, 'assistant:  $', SUNNY),
    );
  });
});

it('names the tools even if content is missing or unreadable', () => {
  expect(linesOf(chatPlan())).toEqual(['assistant:  $']);
  const broken = (value: string): string[] =>
    linesOf(chatPlan({ 'gen_ai.input.messages': value, 'gen_ai.output.messages': value }));
  expect(broken('[{"role":1,"parts":[null]}]').at(-1)).toBe(':  $');
  for (const value of ['{', '[1]', '"x"', ''])
    expect(broken(value)).toEqual(['user: [cut]', 'assistant: [cut] $']);
});
