import { describe, expect, it } from 'vitest';
import { assertSpanTree, type SpanTreeOptions, spanTree } from '../../src/testing.ts';
import { MATH_TUTOR, makeSpans, type SpanPlan } from '../../viewer/test/spans.ts';

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
    const inner = { name: 'b', attributes: { 'x.b': 1.26, 'x.a': 'hidden', 'x.id': 'i' } };
    const spans = makeSpans({ name: 'a', attributes: { 'x.id': 'i' }, children: [inner] });
    const normalize = (value: unknown): unknown =>
      typeof value === 'number' ? Math.round(value) : value === 'hidden' ? undefined : value;
    expect(spanTree(spans, { attributes: ['kind', /^x\./], repeatIds: true, normalize })).toBe(
      'a     kind=INTERNAL x.id=i\n└─ b  kind=INTERNAL x.b=1 x.id=i',
    );
  });

  const siblings = [
    { name: 'late', start: 2 },
    { name: 'long', start: 1, end: 9 },
    { name: 'short', start: 1, end: 2 },
    { name: 'short too', start: 1, end: 2 },
  ];
  it.each<[string, string, readonly SpanPlan[]]>([
    [
      'shows errors with their type, and nothing else of the status',
      'POST  !429\n\nGET   !error',
      [
        { name: 'POST', error: true, attributes: { 'error.type': '429' } },
        { name: 'GET', error: true },
      ],
    ],
    [
      'sorts siblings by start, then end, then arrival, and traces by their first start',
      'first trace\n├─ short\n├─ short too\n├─ long\n└─ late\n\nsecond trace',
      [
        { name: 'second trace', start: 5 },
        { name: 'first trace', children: siblings },
      ],
    ],
    [
      'starts a tree with a span whose parent has not ended',
      'a\nb',
      [{ name: 'open', open: true, children: [{ name: 'a' }, { name: 'b' }] }],
    ],
  ])('%s', (_, tree, spans) => expect(spanTree(makeSpans(...spans))).toBe(tree));

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

  it('draws thousands of spans', () => {
    const [span] = tutor;
    if (span === undefined) throw new Error('There is no span.');
    const many = Array.from({ length: 200_000 }, () => span);
    expect(spanTree(many).split('\n')).toHaveLength(many.length);
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

  const stepsAre = (tool: string, last: string): string => `
    thread
    └─ invoke_agent Math Tutor
       ├─ chat gpt-4o-mini               openai.step.id={first}
       ├─ execute_tool code_interpreter  openai.step.id=${tool}
       └─ chat gpt-4o-mini               openai.step.id=${last}`;
  const tokens = `
    thread
    └─ invoke_agent Math Tutor
       ├─ chat gpt-4o-mini                gen_ai.usage.input_tokens=154
       ├─ execute_tool code_interpreter
       └─ chat gpt-4o-mini`;
  const limited = { name: 'chat', error: true, attributes: { 'error.type': 'rate_limit_exceeded' } };
  const received = '+    └─ chat gpt-4o-mini               gen_ai.usage.input_tokens=227';

  it.each<[string, string, message: string, SpanPlan?]>([
    ['a placeholder that matches two texts', stepsAre('{first}', '{first}'), '{first} is step_1, not step_2'],
    [
      'a text of two placeholders',
      stepsAre('{tool}', '*'),
      'step_1 is {first}, so it cannot be {tool} as well',
    ],
    ['an unexpected attribute', tokens, received],
    ['an unexpected error', 'chat', '+ chat  !rate_limit_exceeded', limited],
    ['a missing error', 'chat  !timeout', '- chat  !timeout', { name: 'chat' }],
    ['another name in braces', 'POST /{id}', '- POST /{id}', { name: 'POST /{thread_id}' }],
    ['what is no attribute', 'thread  completed', 'Expected name=value or !error.type, not "completed"'],
    ['two spaces in a name', 'two  words', 'In a name, write two spaces as *.'],
  ])('fails for %s', (_, expected, message, span) => {
    expect(failure(expected, span && makeSpans(span))).toContain(message);
  });

  it('fails for an unexpected attribute of those that an option names', () => {
    const spans = makeSpans({ name: 'a', attributes: { b: 1 } });
    expect(failure('a', spans, { attributes: ['b'] })).toContain('+ a  b=1');
  });

  it('matches an error by its type, also with a star', () => {
    assertSpanTree(makeSpans(limited), 'chat  !rate_limit_exceeded');
    assertSpanTree(makeSpans(limited), 'chat  !rate_*');
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
  });

  it('compares long values with many stars', () => {
    const spans = makeSpans({ name: 'chat', attributes: { text: 'a'.repeat(5_000) } });
    const stars = '*a'.repeat(30);
    assertSpanTree(spans, `chat  text=${stars}`);
    expect(failure(`chat  text=${stars}b*`, spans)).toContain('- chat');
  });

  it.each([
    ['no stars, which is another text', 'gpt', 'gpt-4o'],
    ['a star that begins otherwise', 'gpt*', 'not-gpt-4o'],
  ])('does not match %s', (_, pattern, text) => {
    const spans = makeSpans({ name: 'chat', attributes: { model: text } });
    expect(failure(`chat  model=${pattern}`, spans)).toContain(`- chat  model=${pattern}`);
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
