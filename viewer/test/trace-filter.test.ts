import { describe, expect, it } from 'vitest';
import { exactTerm, facetsOf, filterProblem } from '../src/filter-terms.ts';
import { excerptOf, findRows, patternOf } from '../src/trace-filter.ts';
import { chat, MATH_TUTOR, makeSpans, messages, rowsOf, type SpanPlan, text, tokens } from './spans.ts';

function found(plan: SpanPlan, filter: string): string[] {
  const rows = rowsOf(makeSpans(plan));
  return [...findRows(rows, filter)].map(({ span, parent }) => `${parent?.span.name ?? ''}/${span.name}`);
}

const parts = Array.from({ length: 40 }, (_, i) => ({ name: `part ${i}` }));
const ARCHIVE: SpanPlan = {
  name: 'archive',
  attributes: { 'user.id': 'user_7' },
  children: [13, 137, 1370].map((number) => ({ name: `document ${number}`, children: parts })),
};

describe('a filter', () => {
  const TOOL = 'invoke_agent Math Tutor/execute_tool code_interpreter';
  it.each([
    ['document 137 part 3', ['document 137/part 3']],
    ['part 3 document 137', ['document 137/part 3']],
    ['"document 137"', ['archive/document 137', 'archive/document 1370']],
    ['"ment 13" part "39"', ['document 13/part 39', 'document 137/part 39', 'document 1370/part 39']],
    ['user:user_7 document 1370 "part 39"', ['document 1370/part 39']],
    ['user:user_8 document', []],
    ['user:', ['/archive']],
  ])('%s finds the spans that have a term, below those that have the others', (words, expected) => {
    expect(found(ARCHIVE, words)).toEqual(expected);
  });

  it.each([
    ['model:gpt-4o-mini tool:CODE', [TOOL]],
    ['model:gpt-4o-mini tool:other', []],
    ['model:4o-mini', ['thread/invoke_agent Math Tutor']],
    ['tool:code_interpreter', [TOOL]],
    ['agent:"math tutor"', ['thread/invoke_agent Math Tutor']],
    ['conversation:thread_abc123 execute', [TOOL]],
    ['step_1', ['invoke_agent Math Tutor/chat gpt-4o-mini', TOOL]],
    ['RUN_def456 execute', [TOOL]],
    ['asst_1', ['thread/invoke_agent Math Tutor']],
    ['no match', []],
    ['error:x', []],
    ['nothing:x', []],
  ])('%s asks for an attribute or an id', (words, expected) => {
    expect(found(MATH_TUTOR, words)).toEqual(expected);
  });

  it('of no words finds all spans, or those that failed', () => {
    const failed = { name: 'b', error: true, attributes: { 'error.type': 'Timeout' } };
    const plan = { name: 'a', error: true, children: [failed, { name: 'c' }] };
    expect(found(plan, '  ')).toEqual(['/a', 'a/b', 'a/c']);
    expect(found(plan, 'error:')).toEqual(['/a', 'a/b']);
    expect(found(plan, 'error:timeout')).toEqual(['a/b']);
    // What is below a failed span has not failed.
    expect(found(plan, 'error: c')).toEqual([]);
  });

  it('finds the end of a long message', () => {
    const asked = messages('user', text(`${'context '.repeat(5_000)}What is a span?`));
    const calls = [{ name: 'a', attributes: { 'gen_ai.input.messages': asked } }, { name: 'b' }];
    expect(found({ name: 'program', children: calls }, 'is a span?')).toEqual(['program/a']);
  });

  const asked = text('Say "hello"\n  to Ann, ship 10 boxes');
  const answered = { type: 'tool_call', id: 'call_1', name: 'ship', arguments: { city: 'Paris' } };
  const SPOKEN: SpanPlan = {
    name: 'program',
    attributes: { 'openai.trace.input': '["order 66"]', 'openai.trace.output': '{"state":"sent"}' },
    children: [
      chat({
        'gen_ai.system_instructions': JSON.stringify([text('Be kind.')]),
        'gen_ai.input.messages': messages('user', asked),
        'gen_ai.output.messages': messages('assistant', answered),
      }),
    ],
  };
  it.each([
    ['"hello\\" to ann"', ['program/chat gpt-4o']],
    ['"say \\"hello\\""', ['program/chat gpt-4o']],
    ['say "hello"', ['program/chat gpt-4o']],
    ['10', ['program/chat gpt-4o']],
    ['paris', ['program/chat gpt-4o']],
    ['city', ['program/chat gpt-4o']],
    ['kind.', ['program/chat gpt-4o']],
    ['"order 66" sent', ['/program']],
    ['content', []],
    ['assistant', []],
    ['tool_call', []],
    ['parts', []],
    ['\\n', []],
  ])('%s searches what was said, not its JSON', (words, expected) => {
    expect(found(SPOKEN, words)).toEqual(expected);
  });

  it.each([
    ['ann', 'Say "hello" to Ann, ship 10 boxes'],
    ['"ship 10"', 'Say "hello" to Ann, ship 10 boxes'],
    ['boxes', '…"hello" to Ann, ship 10 boxes'],
    ['order', 'order 66'],
    ['program', undefined],
    ['model:gpt-4o', undefined],
  ])('%s shows where it was found', (words, expected) => {
    const rows = rowsOf(makeSpans(SPOKEN));
    expect(excerptOf(findRows(rows, words), words)).toBe(expected);
  });

  const PRICED: SpanPlan = {
    name: 'program',
    end: 12_000,
    attributes: { 'user.id': 'user_1', 'session.id': 's 1' },
    children: [
      chat(
        { 'openai.cost': 0.006, ...tokens(600, 100), 'gen_ai.prompt.version': '3' },
        { name: 'first', end: 9_000 },
      ),
      chat(
        { 'openai.cost': 0.005, ...tokens(500, 50), 'gen_ai.response.time_to_first_chunk': 2.5 },
        { name: 'second', start: 9_000, end: 9_400 },
      ),
    ],
  };
  it.each([
    // The first span counts as the whole trace.
    ['cost>0.01', ['/program']],
    ['cost>$0.0055', ['/program', 'program/first']],
    ['cost<0.006', ['program/second']],
    ['cost:', ['/program', 'program/first', 'program/second']],
    ['tokens>1,000', ['/program']],
    ['tokens>=1.25k', ['/program']],
    ['tokens=550', ['program/second']],
    ['duration>10s', ['/program']],
    ['duration>10', ['/program']],
    ['duration<500ms', ['program/second']],
    ['duration>0.1m', ['/program', 'program/first']],
    ['ttft>2s', ['program/second']],
    ['ttft>2s cost>0.01', []],
    ['first cost>0.01', []],
    ['user:user_1 cost>0.0055', ['/program', 'program/first']],
    ['cost>x', []],
    ['session:"s 1" second', ['program/second']],
    ['version:3', ['program/first']],
    ['version:0', []],
    // What is below belongs to the same user.
    [exactTerm('user', 'user_1'), ['/program', 'program/first', 'program/second']],
    [exactTerm('user', 'user_'), []],
    ['user:user_ second', ['program/second']],
  ])('%s compares', (words, expected) => {
    expect(found(PRICED, words)).toEqual(expected);
  });

  it('finds no number inside of a longer one', () => {
    const users = ['user_1', 'user_12'].map((id) => ({ name: id, attributes: { 'user.id': id } }));
    expect(found({ name: 'program', children: users }, 'user:user_1')).toEqual(['program/user_1']);
  });

  it.each([
    ['sesion:x', 'There is no term “sesion:”. Did you mean “session:”?'],
    ['ann modle:gpt-4o', 'There is no term “modle:”. Did you mean “model:”?'],
    ['csot>1', 'There is no term “csot>”. Did you mean “cost>”?'],
    ['cost>cheap', '“cheap” is not an amount. Write it as in cost>0.01.'],
    ['"sesion:x" https://example.com 12:30 cost> user: model=x', undefined],
  ])('%s: says what it does not understand', (words, expected) => {
    expect(filterProblem(words)).toBe(expected);
  });

  it('with thousands of words is read in part', () => {
    expect(found(ARCHIVE, 'archive '.repeat(5_000))).toHaveLength(1);
  });
});

it('suggests what a trace has', () => {
  const { attributes = {}, ...more } = MATH_TUTOR;
  const known = { ...attributes, 'user.id': 'ann lee', 'error.type': 'timeout' };
  const plan = { ...more, error: true, attributes: known };
  expect(facetsOf(rowsOf(makeSpans(plan)))).toEqual([
    'model:gpt-4o-mini',
    'agent:"Math Tutor"',
    'tool:code_interpreter',
    'user:"ann lee"',
    'conversation:thread_abc123',
    'error:timeout',
  ]);
});

it.each([
  ['a 3', 'A cat, 3 or 13', ['A', 'a', '3']],
  ['"a cat" model:or', 'A cat, 3 or 13', ['A cat', 'or']],
  ['[.*( ', 'x [.*( x', ['[.*(']],
  ['model:', 'model', undefined],
])('%s is marked in a text', (words, text, expected) => {
  const pattern = patternOf(words);
  expect(pattern && [...text.matchAll(pattern)].map(([match]) => match)).toEqual(expected);
});
