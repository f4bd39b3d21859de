import type { Attributes } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { drawCalls, drawSummary } from '../../src/viewer/summary-view.ts';
import { widthOf } from '../../src/viewer/terminal-text.ts';
import { summarize, type TraceSummary } from '../../src/viewer/trace-summary.ts';
import { MATH_TUTOR, makeSpans, type SpanPlan, treesOf } from './spans.ts';

function summaryOf(plan: SpanPlan): TraceSummary {
  const [tree] = treesOf(makeSpans(plan));
  if (tree === undefined) throw new Error('no tree');
  return summarize({ ...tree, traceId: '0af7651916cd43dd8448eb211c80319c' });
}

function reported(input: number, output: number): Attributes {
  return { 'gen_ai.usage.input_tokens': input, 'gen_ai.usage.output_tokens': output };
}

function estimated(output: number): Attributes {
  return { 'openai.usage.estimated_output_tokens': output };
}

const wide = { columns: undefined, color: false };
const panelOf = (plan: SpanPlan): string => drawSummary(summaryOf(plan), wide);

interface EndedRun {
  readonly status: string;
  readonly id?: string;
  readonly start?: number;
  readonly observed?: boolean;
  readonly error?: string;
}

/** A chat completion that was tried three times and then given up, by a program that continues. */
const RETRIED: SpanPlan = {
  name: 'ask',
  end: 3000,
  attributes: { 'openai.trace.project': 'support', 'deployment.environment.name': 'production' },
  children: [
    {
      name: 'chat gpt-4o',
      end: 2000,
      error: true,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': 'gpt-4o',
        'error.type': 'rate_limit_exceeded',
        'gen_ai.input.messages': JSON.stringify([
          { role: 'user', parts: [{ type: 'text', content: 'Hello' }] },
          { role: 'assistant', parts: [{ type: 'text', content: 'Hi' }] },
          { role: 'user', parts: [{ type: 'text', content: 'What is 2\n+ 2?' }] },
        ]),
      },
      children: [
        { name: 'attempt', error: true, attributes: { 'error.type': '429' } },
        { name: 'attempt', error: true, start: 1, attributes: { 'http.request.resend_count': 1 } },
        { name: 'attempt', error: true, start: 2, attributes: { 'http.request.resend_count': 2 } },
      ],
    },
  ],
};

describe('the summary of a trace', () => {
  it('shows totals that count each token and cost once', () => {
    expect(panelOf(MATH_TUTOR)).toBe(
      [
        '╭──────────────────────────────────────────────────────────────────────────╮',
        '│ Trace id     0af7651916cd43dd8448eb211c80319c                            │',
        '│ Model        gpt-4o-mini                                                 │',
        '│ Duration     14.2 s                                                      │',
        '│ Tokens       381 → 88 tokens                                             │',
        '│ Runs         1                                                           │',
        '│ Steps        2                                                           │',
        '│ Model calls  2                                                           │',
        '│ Tool calls   1                                                           │',
        '│ Status       ok                                                          │',
        '╰──────────────────────────────────────────────────────────────────────────╯',
        '',
      ].join('\n'),
    );
  });

  it('shows prompt, project, environment, retries and errors, if they are known', () => {
    const text = panelOf(RETRIED);
    expect(text).toContain('│ Prompt       What is 2 + 2?  ');
    expect(text).toContain('│ Project      support ');
    expect(text).toContain('│ Environment  production ');
    expect(text).toContain('│ Retries      2 ');
    expect(text).toContain('│ Status       1 error: rate_limit_exceeded ');
  });

  it('adds costs up, and shows none if no price was known', () => {
    const model = { 'gen_ai.operation.name': 'chat' };
    const priced = { name: 'chat', attributes: { ...model, 'openai.cost': 0.001 } };
    expect(panelOf({ name: 'x', children: [priced, priced] })).toContain('$0.0020');
    expect(panelOf({ name: 'x' })).not.toContain('Cost');
  });

  it('rounds a sum as it rounds the same cost', () => {
    const cost = (value: number): SpanPlan => ({ name: 'chat', attributes: { 'openai.cost': value } });
    const sum = panelOf({ name: 'x', children: [cost(0.0002425), cost(0.0001025)] });
    expect(sum).toContain(panelOf(cost(0.000345)).match(/Cost .*/)?.[0]);
  });

  it.each([
    ['input', 'gen_ai.usage.input_tokens'],
    ['output', 'gen_ai.usage.output_tokens'],
    ['estimated', 'openai.usage.estimated_output_tokens'],
  ])('shows the cost as a lower bound if the cost of %s tokens is not known', (_, name) => {
    const tokens = { 'gen_ai.operation.name': 'chat', [name]: 10 };
    const priced = { name: 'chat', attributes: { ...tokens, 'openai.cost': 0.001 } };
    const unpriced = { name: 'chat', attributes: tokens };
    expect(panelOf({ name: 'x', children: [priced, unpriced] })).toContain(
      '≥ $0.0010, 1 call of unknown cost ',
    );
    expect(panelOf({ name: 'x', children: [unpriced] })).not.toContain('Cost');
  });

  it.each<[string, Attributes[]]>([
    ['23 → 7 tokens + ~5 output', [reported(20, 4), reported(3, 3), estimated(2), estimated(3)]],
    ['23 → 7 tokens', [reported(23, 7)]],
    ['~1,005 output tokens', [estimated(5), estimated(1_000)]],
  ])('shows %s, with the estimates of streams without usage', (shown, calls) => {
    const children = calls.map((attributes) => ({ name: 'chat', attributes }));
    const [, tokens] = /│ Tokens +(\S.*\S) +│/.exec(panelOf({ name: 'x', children })) ?? [];
    expect(tokens).toBe(shown);
  });

  it.each([
    ['ok', [{ status: 'completed' }]],
    ['cancelled', [{ status: 'completed' }, { status: 'cancelled' }]],
    ['incomplete', [{ status: 'incomplete' }, { status: 'completed' }]],
    ['end not observed', [{ status: 'in_progress', observed: false }]],
    [
      'ok',
      [
        { id: 'run_1', status: 'requires_action', observed: false },
        { id: 'run_1', status: 'completed' },
      ],
    ],
    [
      'ok',
      [
        { id: 'run_1', status: 'completed', start: 50 },
        { id: 'run_1', status: 'requires_action', observed: false, start: 15 },
      ],
    ],
    ['1 error: server_error', [{ status: 'cancelled' }, { status: 'failed', error: 'server_error' }]],
  ])('shows %s by the ends of its runs', (shown, runs) => {
    const children = runs.map(({ status, ...run }: EndedRun, i) => ({
      name: 'invoke_agent',
      start: run.start ?? i,
      error: run.error !== undefined,
      attributes: {
        'gen_ai.operation.name': 'invoke_agent',
        'openai.run.id': run.id ?? `run_${i}`,
        'openai.run.status': status,
        ...(run.observed === false && { 'openai.run.observed': false }),
        ...(run.error !== undefined && { 'error.type': run.error }),
      },
    }));
    // A request about a run is no run.
    const asked = {
      name: 'GET /threads/{thread_id}/runs/{run_id}',
      attributes: { 'openai.run.status': 'queued' },
    };
    const plan: SpanPlan = { name: 'thread', children: [...children, asked] };
    expect(panelOf(plan)).toMatch(new RegExp(`│ Status +${shown} +│`));
  });

  it.each([
    ['in progress', ['queued']],
    ['ok', ['in_progress', 'completed']],
  ])('shows %s by the last status of a background response', (shown, statuses) => {
    const children = statuses.map((status, start) => ({
      name: 'chat gpt-4o',
      start,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.response.id': 'resp_1',
        'gen_ai.response.status': status,
      },
    }));
    expect(panelOf({ name: 'x', children })).toMatch(new RegExp(`│ Status +${shown} +│`));
  });

  it('names the error that ended the work beside those of its parts', () => {
    const failed = (name: string, type: string, message?: string, ...children: SpanPlan[]): SpanPlan => ({
      name,
      error: message ?? true,
      attributes: { 'error.type': type },
      children,
    });
    const plan = failed(
      'task',
      'Error',
      'No answer',
      failed(
        'invoke_agent',
        'run_timeout',
        undefined,
        failed('execute_tool', 'NotFound', 'No such city'),
        failed('chat', 'run_timeout', undefined, failed('attempt', '500')),
      ),
      failed('retry', 'Error', 'Gave up', failed('inner', 'Error', 'Gave up')),
    );
    const { errors } = summaryOf(plan);
    expect(errors.map(({ span }) => span.name)).toEqual(['task', 'execute_tool', 'chat', 'inner']);
  });
});

describe('what happened in a trace is counted under the names of its API:', () => {
  const operation = (name: string, attributes: Attributes = {}): SpanPlan => ({
    name,
    attributes: { 'gen_ai.operation.name': name, ...attributes },
  });
  const tokens = { 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 1 };
  const step = (id: string): Attributes => ({ 'openai.run.id': 'run_1', 'openai.step.id': id });
  const turn = { 'openai.turn.id': 'turn_1', ...tokens };

  it.each<[string, readonly SpanPlan[], object]>([
    [
      'a run once, also if it went on after a pause in a span of its own',
      [
        operation('invoke_agent', { 'openai.run.id': 'run_1', 'gen_ai.conversation.id': 'thread_1' }),
        operation('invoke_agent', { 'openai.run.id': 'run_1', 'gen_ai.conversation.id': 'thread_1' }),
        operation('invoke_agent', { 'openai.run.id': 'run_1', 'gen_ai.conversation.id': 'thread_2' }),
        operation('invoke_agent', { 'openai.api.type': 'assistants', 'error.type': '500' }),
        operation('invoke_agent', { 'openai.api.type': 'assistants', 'error.type': '500' }),
      ],
      { Runs: 4 },
    ],
    [
      'a run by its runs, and by its steps, of which each has spans for its tool calls',
      [
        operation('invoke_agent', { 'openai.run.id': 'run_1' }),
        operation('chat', step('step_1')),
        operation('execute_tool', step('step_1')),
        operation('execute_tool', step('step_1')),
        operation('chat', step('step_2')),
      ],
      { Runs: 1, Steps: 2, 'Model calls': 2, 'Tool calls': 2 },
    ],
    [
      'a run that failed before it had an id',
      [operation('invoke_agent', { 'openai.api.type': 'assistants' })],
      { Runs: 1 },
    ],
    [
      'a session by its turns, and those of its subagents apart',
      [
        operation('invoke_agent', turn),
        operation('invoke_agent', { ...turn, 'openai.subagent.id': 'sub_1' }),
      ],
      { Turns: 1, 'Subagent turns': 1 },
    ],
    [
      'a workflow by the invocations of its agents',
      [operation('invoke_agent'), operation('chat', tokens), operation('invoke_agent')],
      { 'Agent invocations': 2, 'Model calls': 1 },
    ],
    [
      'a spoken conversation by its answers and transcriptions',
      [operation('chat', tokens), { name: 'transcription', attributes: tokens }],
      { 'Model calls': 1, Transcriptions: 1 },
    ],
    [
      'interruptions of a spoken conversation',
      [{ name: 'realtime', attributes: { 'openai.realtime.interruption_count': 2 } }],
      { Interruptions: 2 },
    ],
    [
      'plain requests by what they cost',
      [{ name: 'POST /images/generations', attributes: tokens }, { name: 'GET /models' }],
      { 'Model calls': 1 },
    ],
    ['searches', [operation('retrieval')], { Searches: 1 }],
  ])('%s', (_, children, counts) => {
    const shown = summaryOf({ name: 'x', children }).counts;
    expect(Object.fromEntries(shown.map((each) => [each.label, each.count]))).toEqual(counts);
  });
});

describe('the table of calls', () => {
  it('numbers model and tool calls in order', () => {
    expect(drawCalls(summaryOf(MATH_TUTOR), wide)).toBe(
      [
        ' #  Call                           Duration  Status  Detail',
        ' 1  chat gpt-4o-mini                 1.24 s  ok      step_1 · 154 → 62 tokens · tool_calls',
        ' 2  execute_tool code_interpreter    812 ms  ok      step_1',
        ' 3  chat gpt-4o-mini                 4.00 s  ok      step_2 · 227 → 26 tokens · stop',
        '',
      ].join('\n'),
    );
  });

  it('lists whatever has tokens of its own, so that the costs add up', () => {
    const tokens = { 'gen_ai.usage.input_tokens': 10, 'openai.cost': 0.001 };
    const turn = { ...tokens, 'gen_ai.operation.name': 'invoke_agent', 'openai.turn.id': 'turn_1' };
    const table = drawCalls(
      summaryOf({
        name: 'session',
        children: [
          { name: 'invoke_agent', attributes: turn },
          { name: 'transcription', start: 1, attributes: tokens },
          { name: 'GET /models', start: 1 },
        ],
      }),
      wide,
    );
    expect(table.match(/^ \d {2}\S+.*\$/gm)).toEqual([
      expect.stringContaining('invoke_agent'),
      expect.stringContaining('transcription'),
    ]);
  });

  it('shows failed calls and their retries', () => {
    expect(drawCalls(summaryOf(RETRIED), wide)).toContain(
      ' 1  chat gpt-4o    2.00 s  error   ✗ rate_limit_exceeded · 2 retries\n',
    );
  });

  it('is omitted for a trace without calls', () => {
    expect(drawCalls(summaryOf({ name: 'x' }), wide)).toBe('');
  });
});

it('the panel is as wide as its longest value, where the terminal is', () => {
  const summary = { ...summaryOf(MATH_TUTOR), prompt: 'x'.repeat(90) };
  const widths = [undefined, 60, 90, 120, 200].map((columns) =>
    widthOf(drawSummary(summary, { columns, color: false }).split('\n')[0] ?? ''),
  );
  expect(widths).toEqual([76, 60, 90, 107, 107]);
});

it('the table of calls keeps tokens and cost on a narrow terminal', () => {
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'openai.step.id': 'step_000001',
    'gen_ai.usage.input_tokens': 171,
    'gen_ai.usage.output_tokens': 42,
    'openai.cost': 0.000051,
  };
  const summary = summaryOf({ name: 'x', children: [{ name: 'chat gpt-4o-mini', attributes }] });
  for (const columns of [60, 80])
    expect(drawCalls(summary, { columns, color: false })).toMatch(/ {2}171 → 42 tokens · \$0\.000051\n$/);
});

it.each([12, 20, 40, 60, 80])('fits a terminal of %d columns', (columns) => {
  const hostile = { ...RETRIED, name: '数学\u001b[2J'.repeat(50) };
  const summary = { ...summaryOf(hostile), prompt: '数学\u001b[2J\u202e'.repeat(50) };
  const text =
    drawSummary(summary, { columns, color: false }) + drawCalls(summary, { columns, color: false });
  for (const line of text.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(columns);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
});
