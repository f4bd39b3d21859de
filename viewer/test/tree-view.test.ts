import type { Attributes } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { widthOf } from '../src/terminal-text.ts';
import { drawTree, type TreeViewOptions } from '../src/tree-view.ts';
import { chat, MATH_TUTOR, makeSpans, messages, type SpanPlan, said, tokens, treesOf } from './spans.ts';

type Spans = Parameters<typeof treesOf>[0];

function drawSpans(spans: Spans, options: Partial<TreeViewOptions> = {}): string {
  const view = { columns: 200, color: false, attributes: [], ...options };
  return treesOf(spans)
    .map((tree) => drawTree(tree, view))
    .join('');
}

const draw = (plan: SpanPlan, options?: Partial<TreeViewOptions>): string =>
  drawSpans(makeSpans(plan), options);

/** What stands behind the duration of a single span. */
function details(attributes: Attributes, plan: Partial<SpanPlan> = {}): string {
  const [line = ''] = draw({ name: 'x', attributes, ...plan }).split('\n');
  return line.replace(/^.*? {2}0 ms ?/, '').trim();
}

/** The lines of content below the spans. */
const contentIn = (drawn: string): string[] => drawn.split('\n').filter((line) => /[›‹]/.test(line));

describe('a tree in the terminal', () => {
  it('has a line per span: name, duration in a column, ids once, status, tokens', () => {
    expect(draw(MATH_TUTOR)).toBe(
      [
        'thread                               14.2 s  thread_abc123 · total 381 → 88 tokens · 1 run · 1 user message',
        '└─ invoke_agent Math Tutor           6.31 s  run_def456 · completed · total 381 → 88 tokens · 3 polls',
        '   ├─ chat gpt-4o-mini               1.24 s  step_1 · 154 → 62 tokens · tool_calls',
        '   ├─ execute_tool code_interpreter  812 ms  step_1',
        '   └─ chat gpt-4o-mini               4.00 s  step_2 · 227 → 26 tokens · stop',
        '',
      ].join('\n'),
    );
  });

  it('has an id once, also around spans of other packages', () => {
    const attributes = { 'openai.thread.id': 'thread_1' };
    const run = { name: 'run', attributes: { ...attributes, 'openai.run.id': 'run_1' } };
    const other = { name: 'other', children: [{ name: 'between', children: [run] }] };
    const drawn = draw({ name: 'thread', attributes, children: [other] });
    expect(drawn.match(/thread_1|run_1/g)).toEqual(['thread_1', 'run_1']);
  });

  it('searches a bounded number of ancestors in a deep trace', () => {
    const LEVELS = 2_000;
    let reads = 0;
    const spans = Array.from({ length: LEVELS }, (_, level) => ({
      name: 'step',
      kind: 0,
      startTime: [level, 0] as const,
      endTime: [LEVELS, 0] as const,
      status: { code: 0 },
      parentSpanContext: level === 0 ? undefined : { spanId: String(level - 1) },
      spanContext: () => ({ traceId: '1', spanId: String(level) }),
      attributes: {
        'openai.thread.id': 'thread_1',
        get 'openai.step.id'() {
          reads++;
          return `step_${level}`;
        },
      },
    }));
    const drawn = drawSpans(spans);
    expect(drawn.match(/thread_1/g)).toHaveLength(1);
    expect(drawn.match(/step_\d+/g)).toHaveLength(LEVELS);
    expect(reads).toBeLessThan(LEVELS * 250);
  });

  const CHAT = { 'gen_ai.operation.name': 'chat' };
  const STREAM = { 'openai.stream.chunk_count': 12, 'openai.stream.end': 'completed' };
  const TOTAL = {
    'openai.total.cost': 1,
    'openai.total.user_messages': 2,
    'openai.cost_per_user_message': 0.5,
  };

  it.each<[Attributes, string]>([
    [{ 'openai.step.status': 'expired' }, 'expired'],
    [{ 'openai.step.status': 'completed' }, ''],
    [{ 'openai.resource.status': 'failed' }, 'failed'],
    [{ 'openai.resource.status': 'in_progress' }, ''],
    // A background response, and the status of one that was asked for.
    [{ ...CHAT, 'gen_ai.response.status': 'queued' }, 'in progress'],
    [{ ...CHAT, 'gen_ai.response.status': 'completed' }, ''],
    [{ 'gen_ai.response.status': 'in_progress' }, ''],
    [{ 'openai.run.observed': false }, 'end not observed'],
    [{ 'openai.call.interrupted': true }, 'interrupted'],
    [tokens(12_345, 0), '12,345 → 0 tokens'],
    [{ 'gen_ai.usage.input_tokens': 5 }, '5 input tokens'],
    [{ 'openai.cost': 0.001234, 'openai.total.cost': 1.5 }, '$0.0012 · total $1.50'],
    [TOTAL, 'total $1.00 · 2 user messages · $0.50 per user message'],
    [{ ...TOTAL, 'openai.total.user_messages': 1 }, 'total $1.00 · 1 user message'],
    // Without the calls whose price is not known, a cost is a lower bound.
    [{ ...TOTAL, 'openai.total.unpriced': 1 }, 'total ≥ $1.00 · 2 user messages · ≥ $0.50 per user message'],
    [
      { 'openai.total.cost': 1, 'openai.total.unpriced': 2, 'openai.run.poll_count': 1 },
      'total ≥ $1.00 · 1 poll',
    ],
    // The total of a turn is its own.
    [
      {
        ...tokens(5, 1),
        'openai.total.input_tokens': 5,
        'openai.total.output_tokens': 1,
        'openai.cost': 0.5,
        'openai.total.cost': 0.5,
      },
      '5 → 1 tokens · $0.50',
    ],
    [{ ...STREAM, 'openai.stream.end': 'aborted' }, '12 chunks · stream aborted'],
    // The answer is complete.
    [
      { ...STREAM, 'openai.stream.end': 'cancelled', 'gen_ai.response.finish_reasons': ['stop'] },
      'stop · 12 chunks',
    ],
    [{ ...CHAT, ...STREAM }, 'tokens not reported · 12 chunks'],
    [
      { ...CHAT, ...STREAM, 'openai.usage.estimated_output_tokens': 1_234 },
      '~1,234 output tokens · 12 chunks',
    ],
    [{ 'gen_ai.conversation.id': 'conv_1' }, 'conv_1'],
    [{ 'gen_ai.operation.name': 'create_agent', 'gen_ai.agent.id': 'asst_1' }, 'asst_1'],
    [
      { 'openai.thread.id': 'thread_1', 'openai.message.id': 'msg_1', 'openai.request.id': 'req_1' },
      'thread_1 · msg_1',
    ],
    [{ 'openai.file_search.result_count': 1 }, '1 result'],
    [{ 'openai.code_interpreter.image_count': 2 }, '2 images'],
    [{ 'openai.realtime.interruption_count': 2 }, '2 interruptions'],
    [
      {
        'openai.realtime.cancel_reason': 'turn_detected',
        'gen_ai.usage.audio.input_tokens': 70,
        'gen_ai.usage.audio.output_tokens': 75,
      },
      'interrupted by the user · audio 70 → 75 tokens',
    ],
    [{ 'gen_ai.usage.audio.input_tokens': 0 }, ''],
    [{ ...CHAT, 'gen_ai.agent.id': 'asst_1', 'gen_ai.request.model': 'x', 'openai.assistant.id': 'x' }, ''],
    // Values of wrong types.
    [{ 'openai.cost': 'much', 'openai.run.status': 7, 'openai.total.runs': Number.NaN }, ''],
  ])('shows %j as "%s"', (attributes, shown) => {
    expect(details(attributes)).toBe(shown);
  });

  it.each([
    ['thread', {}, 'runs'],
    ['session', {}, 'turns'],
    ['conversation', { 'openai.api.type': 'responses' }, 'responses'],
    ['conversation', { 'openai.api.type': 'chat_completions' }, 'calls'],
    ['realtime', {}, 'responses'],
  ])('counts what a %s of %j consists of as %s', (name, attributes, counted) => {
    expect(details({ ...attributes, 'openai.total.runs': 2 }, { name })).toBe(`2 ${counted}`);
  });

  it('does not call a stream of events aborted, which has no end of its own', () => {
    const name = 'GET /agents/sessions/{session_id}/events';
    expect(details({ ...STREAM, 'openai.stream.end': 'aborted' }, { name })).toBe('12 chunks');
  });

  it('shows the error and HTTP status of failed spans, and a status that equals the error once', () => {
    const limited = { 'error.type': 'rate_limit_exceeded', 'http.response.status_code': 429 };
    expect(details(limited, { error: true })).toBe('✗ rate_limit_exceeded (429)');
    const run = { 'error.type': 'server_error', 'http.response.status_code': 200 };
    expect(details(run, { error: true })).toBe('✗ server_error');
    expect(details({}, { error: true })).toBe('✗ error');
    expect(details(limited)).toBe('');
    const expired = { 'error.type': 'expired', 'openai.run.status': 'expired' };
    expect(details(expired, { error: true })).toBe('✗ expired');
  });

  it('counts retries on the call and numbers them on the attempts', () => {
    const limited = { 'error.type': '429', 'http.response.status_code': 429 };
    const children = [
      { name: 'attempt', error: true, attributes: limited },
      { name: 'attempt', attributes: { 'http.request.resend_count': 1 } },
    ];
    expect(draw({ name: 'chat gpt-4o', children })).toBe(
      'chat gpt-4o  0 ms  1 retry\n├─ attempt   0 ms  ✗ 429\n└─ attempt   0 ms  retry 1\n',
    );
  });

  it('shows attributes on request', () => {
    expect(draw(MATH_TUTOR, { attributes: ['openai.assistant.id'] })).toContain(
      '3 polls · openai.assistant.id=asst_1\n',
    );
  });

  it('shows what a function was given and returned', () => {
    const traced = (input: string): SpanPlan => ({
      name: 'answer',
      attributes: { 'openai.trace.input': input, 'openai.trace.output': '{"text":"4"}' },
    });
    expect(contentIn(draw(traced('["2 + 2?"]')))).toEqual(['   › "2 + 2?"', '   ‹ {"text":"4"}']);
    expect(contentIn(draw(chat({ 'openai.trace.output': '"a\\n\\"b\\""' })))).toEqual(['   ‹ "a "b""']);
    expect(contentIn(draw(traced('["2 + 2?",{"short":true}]')))[0]).toBe('   › ["2 + 2?",{"short":true}]');
  });

  it('shows recorded content below the span, only the last message, also if its result or arguments are missing', () => {
    const add = { type: 'tool_call', name: 'add', arguments: { a: 2 } };
    const tool = { 'gen_ai.tool.call.arguments': '{"a":2', 'gen_ai.tool.call.result': 'four' };
    const first = chat(
      {
        'gen_ai.input.messages': JSON.stringify([said('system', 'Be brief'), said('user', '2 + 2\nis?')]),
        'gen_ai.output.messages': messages('assistant', add),
      },
      { children: [{ name: 'execute_tool', attributes: tool }] },
    );
    expect(contentIn(draw(first))).toEqual([
      '│  › user "2 + 2 is?"',
      '│  ‹ assistant add({"a":2})',
      '      › {"a":2',
      '      ‹ "four"',
    ]);
    const bare = chat({
      'gen_ai.input.messages': messages('tool', { type: 'tool_call_response', id: 'call_1' }),
      'gen_ai.output.messages': messages('assistant', { type: 'tool_call', name: 'file_search' }),
    });
    expect(contentIn(draw(bare))).toEqual([
      '   › tool [tool_call_response, not recorded]',
      '   ‹ assistant file_search',
    ]);
  });

  it('shortens long content inside its quotes', () => {
    const drawn = draw({ name: 'x', attributes: { 'gen_ai.tool.call.result': 'word '.repeat(1e5) } });
    expect(drawn.split('\n')[1]).toMatch(/^ {3}‹ "word .*…"$/);
    expect(drawn.length).toBeLessThan(300);
  });
});

describe('the terminal width', () => {
  const deep = (depth: number): SpanPlan =>
    depth === 20 ? { name: 'chat' } : { name: `invoke_agent Agent ${depth}`, children: [deep(depth + 1)] };
  const wide: SpanPlan = {
    ...MATH_TUTOR,
    name: 'a name that is far too long for such a terminal, 数学 and all 😀😀😀😀😀😀',
    attributes: { ...MATH_TUTOR.attributes, 'gen_ai.tool.call.result': '数学'.repeat(200) },
  };

  it.each([20, 30, 40, 45, 59, 60, 80, 100, 120, 200])('is respected at %d columns', (columns) => {
    for (const plan of [wide, deep(0)])
      for (const line of draw(plan, { columns }).split('\n'))
        expect(widthOf(line)).toBeLessThanOrEqual(columns);
  });

  it('shortens the branches of deep spans before it takes away the names', () => {
    const lines = draw(deep(0), { columns: 80 }).split('\n');
    expect(lines.slice(9, 12)).toEqual([
      '                        └─ invoke_agent Agent 9   0 ms',
      '                           └─ invoke_agent Agen…  0 ms',
      '…                            └─ invoke_agent Ag…  0 ms',
    ]);
    for (const line of lines.slice(10, 20)) expect(line).toMatch(/└─ invoke_agent Ag/);
    expect(lines[20]).toMatch(/^….*└─ chat +0 ms$/);
  });

  it.each([
    [
      100,
      'run_def456 · completed · total 381 → 88 tokens',
      'step_1 · 154 → 62 tokens · tool_calls',
      'step_2 · 227 → 26 tokens · stop',
    ],
    [80, 'completed · total 381 → 88 tokens', '154 → 62 tokens · tool_calls', '227 → 26 tokens · stop'],
    [70, 'total 381 → 88 tokens', '154 → 62 tokens', '227 → 26 tokens'],
  ])('leaves out what matters least, of all rows of one kind, at %d columns', (columns, ...shown) => {
    const lines = draw(MATH_TUTOR, { columns }).split('\n');
    expect([lines[1], lines[2], lines[4]].map((line) => line?.slice(45))).toEqual(shown);
  });

  it('puts errors, tokens and cost below the name where they do not fit beside it', () => {
    const attributes = {
      'error.type': 'rate_limit_exceeded',
      'gen_ai.usage.input_tokens': 123,
      'openai.cost': 0.5,
      'gen_ai.response.finish_reasons': ['length'],
      'openai.stream.chunk_count': 3,
    };
    const failed = { name: 'chat gpt-4o-mini', error: true, attributes };
    const needed = ['✗ rate_limit_exceeded', '123 input tokens', '$0.50', 'length'];
    expect(draw(failed, { columns: 40 })).toBe(
      ['chat gpt-4o-mini  0 ms', ...needed.map((fact) => `     ${fact}`), ''].join('\n'),
    );
    for (const columns of [60, 80, 120, 200])
      for (const fact of needed) expect(draw(failed, { columns })).toContain(fact);
  });
});

describe('terminal control sequences', () => {
  // Every C0 and C1 control character, delete, direction overrides and line separators.
  const codes = [
    ...Array(32).keys(),
    ...Array.from({ length: 33 }, (_, i) => 0x7f + i),
    ...[0x202e, 0x2066, 0x2028, 0xfeff],
  ];
  const hostile = `a\u001b${codes.map((code) => String.fromCharCode(code)).join('x')}\u001b[2J\u001b]0;title\u0007\ud800z`;

  it('are escaped everywhere', () => {
    const strings = [
      ...['openai.thread.id', 'openai.run.status', 'openai.step.status', 'openai.stream.end', 'error.type'],
      ...['custom', 'gen_ai.input.messages', 'gen_ai.tool.call.arguments', 'gen_ai.tool.call.result'],
      'gen_ai.operation.name',
    ];
    const attributes: Attributes = {
      ...Object.fromEntries(strings.map((name) => [name, hostile])),
      'gen_ai.response.finish_reasons': [hostile],
      'gen_ai.output.messages': messages(hostile, { type: hostile }, { content: hostile }),
    };
    for (const columns of [200, 40, 80]) {
      const drawn = draw({ name: hostile, error: true, attributes }, { attributes: ['custom'], columns });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
      expect(drawn).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e\u2066\ufeff]/);
      expect(drawn.isWellFormed()).toBe(true);
      expect(drawn).toContain('␛');
    }
  });

  it('are used for color only, and the text is the same', () => {
    const colored = draw(MATH_TUTOR, { color: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences of colour begin with one.
    const plain = colored.replace(/\u001b\[\d+m/g, '');
    expect(plain).toBe(draw(MATH_TUTOR));
    expect(colored).toContain('\u001b[32mcompleted\u001b[0m');
    expect(draw({ name: 'x', error: true }, { color: true })).toContain('\u001b[31m✗ error\u001b[0m');
  });
});
