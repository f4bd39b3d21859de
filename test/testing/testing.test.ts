import { describe, expect, it } from 'vitest';
import { assertSpanTree, type SpanTreeOptions, spanTree } from '../../src/testing.ts';
import { MATH_TUTOR, makeSpans } from '../viewer/spans.ts';

const tutor = makeSpans(MATH_TUTOR);

/** The message of the error that the assertion throws. */
function failure(expected: string, spans = tutor, options?: SpanTreeOptions): string {
  try {
    assertSpanTree(spans, expected, options);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('The assertion passed.');
}

describe('spanTree', () => {
  it('shows names, the chosen attributes in one column, and ids once', () => {
    expect(
      spanTree(tutor, {
        attributes: ['openai.thread.id', 'openai.run.id', 'openai.step.id', 'gen_ai.usage.input_tokens'],
      }),
    ).toBe(
      [
        'thread                               openai.thread.id=thread_abc123',
        '└─ invoke_agent Math Tutor           openai.run.id=run_def456',
        '   ├─ chat gpt-4o-mini               openai.step.id=step_1 gen_ai.usage.input_tokens=154',
        '   ├─ execute_tool code_interpreter  openai.step.id=step_1',
        '   └─ chat gpt-4o-mini               openai.step.id=step_2 gen_ai.usage.input_tokens=227',
      ].join('\n'),
    );
  });

  it('repeats ids, finds attributes by pattern and changes values on request', () => {
    const spans = makeSpans({
      name: 'a',
      attributes: { 'x.id': 'i' },
      children: [{ name: 'b', attributes: { 'x.b': 1.26, 'x.a': 'hidden', 'x.id': 'i' } }],
    });
    const normalize = (value: unknown): unknown =>
      typeof value === 'number' ? Math.round(value) : value === 'hidden' ? undefined : value;
    expect(spanTree(spans, { attributes: ['kind', /^x\./], repeatIds: true, normalize })).toBe(
      'a     kind=INTERNAL x.id=i\n└─ b  kind=INTERNAL x.b=1 x.id=i',
    );
  });

  it('shows errors with their type, and nothing else of the status', () => {
    const spans = makeSpans(
      { name: 'POST', error: true, attributes: { 'error.type': '429' } },
      { name: 'GET', error: true },
    );
    expect(spanTree(spans)).toBe('POST  !429\n\nGET   !error');
  });

  it('writes every type of value unambiguously', () => {
    const attributes = {
      word: 'gpt-4o',
      words: 'two words',
      digits: '42',
      number: 42,
      yes: true,
      text: 'true',
      list: ['a', 'b c'],
      json: '{"a":1}',
      empty: '',
      line: 'a\nb\u009b',
    };
    expect(spanTree(makeSpans({ name: 'x', attributes }), { attributes: Object.keys(attributes) })).toBe(
      'x  word=gpt-4o words="two words" digits="42" number=42 yes=true text="true" list=["a","b c"] ' +
        'json="{\\"a\\":1}" empty="" line="a\\nb\\u009b"',
    );
  });

  it('sorts siblings by start, then end, then arrival, and traces by their first start', () => {
    const spans = makeSpans(
      { name: 'second trace', start: 5 },
      {
        name: 'first trace',
        children: [
          { name: 'late', start: 2 },
          { name: 'long', start: 1, end: 9 },
          { name: 'short', start: 1, end: 2 },
          { name: 'short too', start: 1, end: 2 },
        ],
      },
    );
    expect(spanTree(spans)).toBe('first trace\n├─ short\n├─ short too\n├─ long\n└─ late\n\nsecond trace');
  });

  it('draws thousands of spans', () => {
    const [span] = tutor;
    if (span === undefined) throw new Error('There is no span.');
    const many = Array.from({ length: 200_000 }, () => span);
    expect(spanTree(many).split('\n')).toHaveLength(many.length);
  });

  it('starts a tree with a span whose parent has not ended', () => {
    expect(spanTree(makeSpans({ name: 'open', open: true, children: [{ name: 'a' }, { name: 'b' }] }))).toBe(
      'a\nb',
    );
  });
});

describe('assertSpanTree', () => {
  it('ignores the indentation, the columns and the order of attributes', () => {
    assertSpanTree(
      tutor,
      `
      thread  openai.thread.id=thread_abc123
      └─ invoke_agent Math Tutor       openai.run.status=completed openai.run.id=run_def456
         ├─ chat gpt-4o-mini           gen_ai.response.finish_reasons=["tool_calls"]
         ├─ execute_tool code_interpreter
         └─ chat gpt-4o-mini  gen_ai.response.finish_reasons=[ "stop" ]
      `,
    );
  });

  it('matches any text with a star, and the same text everywhere with a placeholder', () => {
    assertSpanTree(
      tutor,
      `
      thread                              openai.thread.id={thread} gen_ai.conversation.id={thread}
      └─ invoke_agent *                   openai.thread.id={thread} openai.run.id=run_*
         ├─ chat gpt-4o-mini              openai.step.id={first}
         ├─ execute_tool code_interpreter  openai.step.id={first}
         └─ chat gpt-4o-mini              openai.step.id=step_{second}
      `,
    );
  });

  it('fails if a placeholder matches two texts, or two placeholders match one', () => {
    const tree = (tool: string, last: string): string => `
      thread
      └─ invoke_agent Math Tutor
         ├─ chat gpt-4o-mini               openai.step.id={first}
         ├─ execute_tool code_interpreter  openai.step.id=${tool}
         └─ chat gpt-4o-mini               openai.step.id=${last}`;
    expect(failure(tree('{first}', '{first}'))).toContain('{first} is step_1, not step_2');
    expect(failure(tree('{tool}', '*'))).toContain('step_1 is {first}, so it cannot be {tool} as well');
  });

  it('shows the differing lines in context', () => {
    expect(
      failure(`
        thread
        └─ invoke_agent Math Tutor           openai.run.status=failed
           ├─ chat gpt-4o-mini
           └─ chat gpt-4o-mini`),
    ).toBe(
      [
        'The spans do not form the expected tree (- expected, + received):',
        '',
        '  thread',
        '- └─ invoke_agent Math Tutor           openai.run.status=failed',
        '+ └─ invoke_agent Math Tutor           openai.run.status=completed',
        '     ├─ chat gpt-4o-mini',
        '+    ├─ execute_tool code_interpreter',
        '     └─ chat gpt-4o-mini',
      ].join('\n'),
    );
  });

  it('fails for an unexpected attribute', () => {
    expect(
      failure(`
        thread
        └─ invoke_agent Math Tutor
           ├─ chat gpt-4o-mini                gen_ai.usage.input_tokens=154
           ├─ execute_tool code_interpreter
           └─ chat gpt-4o-mini`),
    ).toContain('+    └─ chat gpt-4o-mini               gen_ai.usage.input_tokens=227');
    expect(failure('a', makeSpans({ name: 'a', attributes: { b: 1 } }), { attributes: ['b'] })).toContain(
      '+ a  b=1',
    );
  });

  it('fails for an unexpected error, and for a missing one', () => {
    const broken = makeSpans({
      name: 'chat',
      error: true,
      attributes: { 'error.type': 'rate_limit_exceeded' },
    });
    assertSpanTree(broken, 'chat  !rate_limit_exceeded');
    assertSpanTree(broken, 'chat  !rate_*');
    expect(failure('chat', broken)).toContain('+ chat  !rate_limit_exceeded');
    expect(failure('chat  !timeout', makeSpans({ name: 'chat' }))).toContain('- chat  !timeout');
  });

  it('fails for a missing, additional or misplaced span, and for one in another trace', () => {
    const spans = makeSpans({ name: 'a', children: [{ name: 'b' }] }, { name: 'c', start: 1 });
    assertSpanTree(spans, 'a\n└─ b\n\nc');
    for (const wrong of ['a\n└─ b', 'a\n└─ b\n\nc\n\nd', 'a\nb\n\nc', 'a\n└─ b\nc', 'c\n\na\n└─ b', '']) {
      expect(failure(wrong, spans)).toMatch(/^[-+]/m);
    }
    assertSpanTree([], '');
  });

  it('matches braces in names, and stars and braces in values, literally', () => {
    const spans = makeSpans({
      name: 'POST /threads/{thread_id}',
      attributes: { 'url.template': '/threads/{thread_id}', a: '[*]', 'openai.thread.id': 'thread_1' },
    });
    assertSpanTree(
      spans,
      'POST /threads/{thread_id}  url.template=/threads/{thread_id} a="[*]" openai.thread.id={thread_id}',
    );
    expect(failure('POST /threads/{id}', spans)).toContain('- POST /threads/{id}');
  });

  it('reports what it cannot parse in the expected text', () => {
    expect(failure('thread  completed')).toContain('Expected name=value or !error.type, not "completed"');
    expect(failure('two  words')).toContain('In a name, write two spaces as *.');
  });

  it('compares long values with many stars', () => {
    const spans = makeSpans({ name: 'chat', attributes: { text: 'a'.repeat(5_000) } });
    const stars = '*a'.repeat(30);
    assertSpanTree(spans, `chat  text=${stars}`);
    expect(failure(`chat  text=${stars}b*`, spans)).toContain('- chat');
  });

  it.each([
    ['*-{id}', 'a-b-c', 'c'],
    ['{id}-*', 'a-b-c', 'a'],
    ['{id}-c', 'a-b-c', 'a-b'],
    ['*{id}', 'abc', 'c'],
    ['a*{id}*c', 'abcc', 'c'],
  ])('matches as much as possible with stars, and as little with placeholders: %s', (pattern, text, id) => {
    const spans = makeSpans(
      { name: 'chat', attributes: { id: text } },
      { name: 'end', start: 1, attributes: { same: id } },
    );
    const expected = (end: string): string => `chat  id=${pattern}\n\nend  same=${end}`;
    assertSpanTree(spans, expected('{id}'));
    expect(failure(expected('other'), spans)).toContain('- end  same=other');
    expect(failure(`chat  id=${pattern}d`, spans.slice(0, 1))).toContain(`- chat  id=${pattern}d`);
  });
});
