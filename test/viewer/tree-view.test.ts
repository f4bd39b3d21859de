import type { Attributes } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { widthOf } from '../../src/viewer/terminal-text.ts';
import { drawTree, type TreeViewOptions } from '../../src/viewer/tree-view.ts';
import { MATH_TUTOR, makeSpans, type SpanPlan, treesOf } from './spans.ts';

function draw(plan: SpanPlan, options: Partial<TreeViewOptions> = {}): string {
  const view = { columns: undefined, color: false, attributes: [], ...options };
  return treesOf(makeSpans(plan))
    .map((tree) => drawTree(tree, view))
    .join('');
}

/** What stands behind the duration of a single span. */
function details(attributes: Attributes, plan: Partial<SpanPlan> = {}): string | undefined {
  const text = draw({ name: 'x', attributes, ...plan });
  return text
    .split('\n')[0]
    ?.replace(/^x {2}0 ms ?/, '')
    .trim();
}

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
    expect(draw({ name: 'thread', attributes, children: [other] }).match(/thread_1|run_1/g)).toEqual([
      'thread_1',
      'run_1',
    ]);
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
    const [tree] = treesOf(spans);
    const text =
      tree === undefined ? '' : drawTree(tree, { columns: undefined, color: false, attributes: [] });
    expect(text.match(/thread_1/g)).toHaveLength(1);
    expect(text.match(/step_\d+/g)).toHaveLength(LEVELS);
    expect(reads).toBeLessThan(LEVELS * 250);
  });

  it.each<[string, Attributes, string]>([
    ['an unusual status', { 'openai.step.status': 'expired' }, 'expired'],
    ['the status of a resource that failed', { 'openai.resource.status': 'failed' }, 'failed'],
    ['no other status of a resource', { 'openai.resource.status': 'in_progress' }, ''],
    [
      'a background response in progress',
      { 'gen_ai.operation.name': 'chat', 'gen_ai.response.status': 'queued' },
      'in progress',
    ],
    [
      'no other status of a response',
      { 'gen_ai.operation.name': 'chat', 'gen_ai.response.status': 'completed' },
      '',
    ],
    ['no status of a response that was asked for', { 'gen_ai.response.status': 'in_progress' }, ''],
    ['no status of a completed step', { 'openai.step.status': 'completed' }, ''],
    [
      'tokens with groups of digits',
      { 'gen_ai.usage.input_tokens': 12_345, 'gen_ai.usage.output_tokens': 0 },
      '12,345 → 0 tokens',
    ],
    ['input tokens alone', { 'gen_ai.usage.input_tokens': 5 }, '5 input tokens'],
    ['cost', { 'openai.cost': 0.001234, 'openai.total.cost': 1.5 }, '$0.0012 · total $1.50'],
    [
      'the cost per user message if there are several',
      { 'openai.total.cost': 1, 'openai.total.user_messages': 2, 'openai.cost_per_user_message': 0.5 },
      'total $1.00 · 2 user messages · $0.50 per user message',
    ],
    [
      'a cost that lacks calls without a known price, as a lower bound',
      {
        'openai.total.cost': 1,
        'openai.total.unpriced': 1,
        'openai.total.user_messages': 2,
        'openai.cost_per_user_message': 0.5,
      },
      'total ≥ $1.00, 1 call of unknown cost · 2 user messages · ≥ $0.50 per user message',
    ],
    [
      'no cost of the only user message',
      { 'openai.total.cost': 1, 'openai.total.user_messages': 1, 'openai.cost_per_user_message': 1 },
      'total $1.00 · 1 user message',
    ],
    [
      'plurals',
      { 'openai.total.unpriced': 2, 'openai.total.cost': 1, 'openai.run.poll_count': 1 },
      'total ≥ $1.00, 2 calls of unknown cost · 1 poll',
    ],
    [
      'a turn whose total is its own once',
      {
        'gen_ai.usage.input_tokens': 5,
        'gen_ai.usage.output_tokens': 1,
        'openai.total.input_tokens': 5,
        'openai.total.output_tokens': 1,
        'openai.cost': 0.5,
        'openai.total.cost': 0.5,
      },
      '5 → 1 tokens · $0.50',
    ],
    [
      'streams that were aborted',
      { 'openai.stream.chunk_count': 12, 'openai.stream.end': 'aborted' },
      '12 chunks · stream aborted',
    ],
    [
      'no end of a stream whose answer is complete',
      {
        'gen_ai.response.finish_reasons': ['stop'],
        'openai.stream.chunk_count': 12,
        'openai.stream.end': 'cancelled',
      },
      'stop · 12 chunks',
    ],
    [
      'a stream that reported no tokens',
      { 'gen_ai.operation.name': 'chat', 'openai.stream.chunk_count': 12, 'openai.stream.end': 'completed' },
      'tokens not reported · 12 chunks',
    ],
    [
      'a stream whose tokens are estimated',
      {
        'gen_ai.operation.name': 'chat',
        'openai.stream.chunk_count': 1_236,
        'openai.stream.end': 'completed',
        'openai.usage.estimated_output_tokens': 1_234,
      },
      '~1,234 output tokens · 1,236 chunks',
    ],
    ['a run whose end was not seen', { 'openai.run.observed': false }, 'end not observed'],
    ['the id of a conversation without a thread', { 'gen_ai.conversation.id': 'conv_1' }, 'conv_1'],
    ['results of a search', { 'openai.file_search.result_count': 1 }, '1 result'],
    ['images of the code interpreter', { 'openai.code_interpreter.image_count': 2 }, '2 images'],
    [
      'the id of a new agent',
      { 'gen_ai.operation.name': 'create_agent', 'gen_ai.agent.id': 'asst_1' },
      'asst_1',
    ],
    [
      'the ids of a plain request, except its request id',
      { 'openai.thread.id': 'thread_1', 'openai.message.id': 'msg_1', 'openai.request.id': 'req_1' },
      'thread_1 · msg_1',
    ],
    [
      'no other attributes',
      {
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.agent.id': 'asst_1',
        'gen_ai.request.model': 'gpt-4o',
        'openai.assistant.id': 'asst_1',
      },
      '',
    ],
    [
      'who interrupted a realtime response, and its audio tokens',
      {
        'openai.realtime.cancel_reason': 'turn_detected',
        'gen_ai.usage.audio.input_tokens': 70,
        'gen_ai.usage.audio.output_tokens': 75,
      },
      'interrupted by the user · audio 70 → 75 tokens',
    ],
    ['no audio where there is none', { 'gen_ai.usage.audio.input_tokens': 0 }, ''],
    [
      'how often a realtime session was interrupted',
      { 'openai.realtime.interruption_count': 2 },
      '2 interruptions',
    ],
    [
      'no values of wrong types',
      { 'openai.cost': 'much', 'openai.run.status': 7, 'openai.total.runs': Number.NaN },
      '',
    ],
  ])('shows %s', (_, attributes, text) => {
    expect(details(attributes)).toBe(text);
  });

  it.each([
    ['thread', {}, 'runs'],
    ['session', {}, 'turns'],
    ['conversation', { 'openai.api.type': 'responses' }, 'responses'],
    ['conversation', { 'openai.api.type': 'chat_completions' }, 'calls'],
    ['realtime', {}, 'responses'],
  ])('counts what a %s of %j consists of as %s', (name, attributes, counted) => {
    expect(draw({ name, attributes: { ...attributes, 'openai.total.runs': 2 } })).toMatch(
      new RegExp(` 2 ${counted}\n`),
    );
  });

  it('does not call a stream of events aborted, which has no end of its own', () => {
    const text = draw({
      name: 'GET /agents/sessions/{session_id}/events',
      attributes: { 'openai.stream.chunk_count': 12, 'openai.stream.end': 'aborted' },
    });
    expect(text).toMatch(/ {2}12 chunks\n$/);
  });

  it('shows the error and HTTP status of failed spans, and a status that equals the error once', () => {
    const limited = { 'error.type': 'rate_limit_exceeded', 'http.response.status_code': 429 };
    expect(details(limited, { error: true })).toBe('✗ rate_limit_exceeded (429)');
    expect(details({}, { error: true })).toBe('✗ error');
    expect(details(limited)).toBe('');
    expect(details({ 'error.type': 'expired', 'openai.run.status': 'expired' }, { error: true })).toBe(
      '✗ expired',
    );
  });

  it('counts retries on the call and numbers them on the attempts', () => {
    const text = draw({
      name: 'chat gpt-4o',
      children: [
        {
          name: 'attempt',
          error: true,
          attributes: { 'error.type': '429', 'http.response.status_code': 429 },
        },
        { name: 'attempt', attributes: { 'http.request.resend_count': 1 } },
      ],
    });
    expect(text).toBe('chat gpt-4o  0 ms  1 retry\n├─ attempt   0 ms  ✗ 429\n└─ attempt   0 ms  retry 1\n');
  });

  it('shows attributes on request', () => {
    expect(draw(MATH_TUTOR, { attributes: ['openai.assistant.id'] })).toContain(
      '3 polls · openai.assistant.id=asst_1\n',
    );
  });

  it('shows recorded content below the span, only the last message', () => {
    const message = (role: string, content: string): object => ({ role, parts: [{ type: 'text', content }] });
    const text = draw({
      name: 'chat',
      attributes: {
        'gen_ai.input.messages': JSON.stringify([
          message('system', 'Be brief'),
          message('user', '2 + 2\nis?'),
        ]),
        'gen_ai.output.messages': JSON.stringify([
          { role: 'assistant', parts: [{ type: 'tool_call', name: 'add', arguments: { a: 2 } }] },
        ]),
      },
      children: [
        {
          name: 'execute_tool',
          attributes: { 'gen_ai.tool.call.arguments': '{"a":2', 'gen_ai.tool.call.result': 'four' },
        },
      ],
    });
    expect(text.split('\n').filter((line) => /[›‹]/.test(line))).toEqual([
      '│  › user "2 + 2 is?"',
      '│  ‹ assistant add({"a":2})',
      '      › {"a":2',
      '      ‹ "four"',
    ]);
  });

  it('labels results and tool calls without content', () => {
    const message = (role: string, part: object): string => JSON.stringify([{ role, parts: [part] }]);
    const text = draw({
      name: 'chat',
      attributes: {
        'gen_ai.input.messages': message('tool', { type: 'tool_call_response', id: 'call_1' }),
        'gen_ai.output.messages': message('assistant', { type: 'tool_call', name: 'file_search' }),
      },
    });
    expect(text.split('\n').filter((line) => /[›‹]/.test(line))).toEqual([
      '   › tool [result without content]',
      '   ‹ assistant file_search',
    ]);
  });

  it('shortens long content inside its quotes', () => {
    const text = draw({ name: 'x', attributes: { 'gen_ai.tool.call.result': 'word '.repeat(1e5) } });
    expect(text.split('\n')[1]).toMatch(/^ {3}‹ "word .*…"$/);
    expect(text.length).toBeLessThan(200);
  });
});

describe('the terminal width', () => {
  const wide: SpanPlan = {
    ...MATH_TUTOR,
    name: 'a name that is far too long for such a terminal, 数学 and all 😀😀😀😀😀😀',
    attributes: { ...MATH_TUTOR.attributes, 'gen_ai.tool.call.result': '数学'.repeat(200) },
  };

  it.each([20, 30, 45, 59, 60, 80, 100, 200])('is respected at %d columns', (columns) => {
    for (const line of draw(wide, { columns }).split('\n'))
      expect(widthOf(line)).toBeLessThanOrEqual(columns);
  });

  it('shortens the branches of deep spans before it takes away the names', () => {
    const at = (depth: number): SpanPlan =>
      depth === 20 ? { name: 'chat' } : { name: `invoke_agent Agent ${depth}`, children: [at(depth + 1)] };
    const lines = draw(at(0), { columns: 80 }).split('\n');
    expect(lines.slice(9, 12)).toEqual([
      '                        └─ invoke_agent Agent 9   0 ms',
      '                           └─ invoke_agent Agen…  0 ms',
      '…                            └─ invoke_agent Ag…  0 ms',
    ]);
    for (const line of lines.slice(10, 20)) expect(line).toMatch(/└─ invoke_agent Ag/);
    expect(lines[20]).toMatch(/^….*└─ chat +0 ms$/);
    for (const columns of [20, 40, 60, 80, 120])
      for (const line of draw(at(0), { columns }).split('\n'))
        expect(widthOf(line)).toBeLessThanOrEqual(columns);
  });

  it('shows the same of all rows of one kind, and the ends of answers before ids', () => {
    const chats = (columns: number): string[] =>
      draw(MATH_TUTOR, { columns })
        .split('\n')
        .filter((line) => line.includes('chat'));
    expect(chats(80)).toEqual([
      '   ├─ chat gpt-4o-mini               1.24 s  154 → 62 tokens · tool_calls',
      '   └─ chat gpt-4o-mini               4.00 s  227 → 26 tokens · stop',
    ]);
    expect(chats(66)).toEqual([
      '   ├─ chat gpt-4o-mini               1.24 s  154 → 62 tokens',
      '   └─ chat gpt-4o-mini               4.00 s  227 → 26 tokens',
    ]);
  });

  it('lets a span have one line, without what matters least', () => {
    const lines = (columns: number): string[] => draw(MATH_TUTOR, { columns }).split('\n').slice(1, 3);
    expect(lines(100)).toEqual([
      '└─ invoke_agent Math Tutor           6.31 s  run_def456 · completed · total 381 → 88 tokens',
      '   ├─ chat gpt-4o-mini               1.24 s  step_1 · 154 → 62 tokens · tool_calls',
    ]);
    expect(lines(80)).toEqual([
      '└─ invoke_agent Math Tutor           6.31 s  completed · total 381 → 88 tokens',
      '   ├─ chat gpt-4o-mini               1.24 s  154 → 62 tokens · tool_calls',
    ]);
    expect(lines(70)).toEqual([
      '└─ invoke_agent Math Tutor           6.31 s  total 381 → 88 tokens',
      '   ├─ chat gpt-4o-mini               1.24 s  154 → 62 tokens',
    ]);
  });

  it('puts errors, tokens and cost below the name where they do not fit beside it', () => {
    const failed = {
      name: 'chat gpt-4o-mini',
      error: true,
      attributes: {
        'error.type': 'rate_limit_exceeded',
        'gen_ai.usage.input_tokens': 123,
        'openai.cost': 0.5,
        'gen_ai.response.finish_reasons': ['length'],
        'openai.stream.chunk_count': 3,
      },
    };
    expect(draw(failed, { columns: 40 })).toBe(
      'chat gpt-4o-mini  0 ms\n' +
        '     ✗ rate_limit_exceeded\n' +
        '     123 input tokens\n' +
        '     $0.50\n' +
        '     length\n',
    );
    for (const columns of [40, 60, 80, 120, 200]) {
      const text = draw(failed, { columns });
      for (const word of ['rate_limit_exceeded', '123 input tokens', '$0.50', 'length'])
        expect(text).toContain(word);
    }
  });
});

describe('terminal control sequences', () => {
  // Every C0 and C1 control character, delete, direction overrides and line separators.
  const codes = [
    ...Array(32).keys(),
    ...Array.from({ length: 33 }, (_, i) => 0x7f + i),
    0x202e,
    0x2066,
    0x2028,
    0xfeff,
  ];
  const hostile = `a\u001b${codes.map((code) => String.fromCharCode(code)).join('x')}\u001b[2J\u001b]0;title\u0007\ud800z`;

  it('are escaped everywhere', () => {
    const strings = [
      'openai.thread.id',
      'openai.run.status',
      'openai.step.status',
      'openai.stream.end',
      'error.type',
      'custom',
      'gen_ai.input.messages',
      'gen_ai.tool.call.arguments',
      'gen_ai.tool.call.result',
      'gen_ai.operation.name',
    ];
    const attributes: Attributes = {
      ...Object.fromEntries(strings.map((name) => [name, hostile])),
      'gen_ai.response.finish_reasons': [hostile],
      'gen_ai.output.messages': JSON.stringify([
        { role: hostile, parts: [{ type: hostile }, { content: hostile }] },
      ]),
    };
    for (const columns of [undefined, 40, 80]) {
      const text = draw({ name: hostile, error: true, attributes }, { attributes: ['custom'], columns });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e\u2066\ufeff]/);
      expect(text.isWellFormed()).toBe(true);
      expect(text).toContain('␛');
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
