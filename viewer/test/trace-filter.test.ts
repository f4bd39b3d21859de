import { describe, expect, it } from 'vitest';
import { facetsOf, findRows, patternOf } from '../src/trace-filter.ts';
import { MATH_TUTOR, makeSpans, messages, rowsOf, type SpanPlan, text } from './spans.ts';

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

  it('with thousands of words is read in part', () => {
    expect(found(ARCHIVE, 'archive '.repeat(5_000))).toHaveLength(1);
  });
});

it('suggests what a trace has', () => {
  const { attributes = {}, ...more } = MATH_TUTOR;
  const plan = { ...more, attributes: { ...attributes, 'user.id': 'ann lee', 'error.type': 'timeout' } };
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
