import type { Attributes } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { drawCalls, drawSummary } from '../src/summary-view.ts';
import { widthOf } from '../src/terminal-text.ts';
import { summarize, type TraceSummary } from '../src/trace-summary.ts';
import { chat, MATH_TUTOR, makeSpans, type SpanPlan, said, tokens, treesOf } from './spans.ts';

function summaryOf(plan: SpanPlan): TraceSummary {
  const [tree] = treesOf(makeSpans(plan));
  if (tree === undefined) throw new Error('no tree');
  return summarize({ ...tree, traceId: '0af7651916cd43dd8448eb211c80319c' });
}

const wide = { columns: 200, color: false };
const panelOf = (plan: SpanPlan): string => drawSummary(summaryOf(plan), wide);
const callsOf = (plan: SpanPlan): string => drawCalls(summaryOf(plan), wide);
/** The values of the panel of some spans, by their labels. */
function factsOf(...children: readonly SpanPlan[]): Record<string, string> {
  const facts = panelOf({ name: 'x', children }).matchAll(/│ (\S.*?) {2,}(\S.*?) *│/g);
  return Object.fromEntries([...facts].map(([, label = '', value = '']) => [label, value]));
}

const operation = (name: string, attributes: Attributes = {}): SpanPlan => ({
  name,
  attributes: { 'gen_ai.operation.name': name, ...attributes },
});
const cost = (value: number): Attributes => ({ 'openai.cost': value });
const estimated = (output: number): Attributes => ({ 'openai.usage.estimated_output_tokens': output });

/** A chat completion that was tried three times and then given up, by a program that continues. */
const RETRIED: SpanPlan = {
  name: 'ask',
  end: 3000,
  attributes: { 'openai.trace.project': 'support', 'deployment.environment.name': 'production' },
  children: [
    chat(
      {
        'gen_ai.request.model': 'gpt-4o',
        'error.type': 'rate_limit_exceeded',
        'gen_ai.input.messages': JSON.stringify([
          said('user', 'Hello'),
          said('assistant', 'Hi'),
          said('user', 'What is 2\n+ 2?'),
        ]),
      },
      {
        end: 2000,
        error: true,
        children: [
          { name: 'attempt', error: true, attributes: { 'error.type': '429' } },
          { name: 'attempt', error: true, start: 1, attributes: { 'http.request.resend_count': 1 } },
          { name: 'attempt', error: true, start: 2, attributes: { 'http.request.resend_count': 2 } },
        ],
      },
    ),
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
    expect(factsOf(RETRIED)).toEqual({
      'Trace id': '0af7651916cd43dd8448eb211c80319c',
      Prompt: 'What is 2 + 2?',
      Model: 'gpt-4o',
      Project: 'support',
      Environment: 'production',
      Duration: '3.00 s',
      'Model calls': '1',
      Retries: '2',
      Status: '1 error: rate_limit_exceeded',
    });
  });

  it.each<[string | undefined, readonly Attributes[]]>([
    [undefined, [{}]],
    ['$0.0020', [cost(0.001), cost(0.001)]],
    // A sum is rounded as the same cost is.
    ['$0.00034', [cost(0.000345)]],
    ['$0.00034', [cost(0.0002425), cost(0.0001025)]],
    // The price of some tokens is not known.
    ...[
      'gen_ai.usage.input_tokens',
      'gen_ai.usage.output_tokens',
      'openai.usage.estimated_output_tokens',
    ].flatMap((name): [string | undefined, Attributes[]][] => [
      ['≥ $0.0010, 1 call without a price', [{ [name]: 10, ...cost(0.001) }, { [name]: 10 }]],
      [undefined, [{ [name]: 10 }]],
    ]),
  ])('shows the cost %s of calls with %j', (shown, calls) => {
    expect(factsOf(...calls.map((attributes) => chat(attributes))).Cost).toBe(shown);
  });

  it.each<[string, readonly Attributes[]]>([
    ['23 → 7 tokens + ~5 output', [tokens(20, 4), tokens(3, 3), estimated(2), estimated(3)]],
    ['23 → 7 tokens', [tokens(23, 7)]],
    ['~1,005 output tokens', [estimated(5), estimated(1_000)]],
  ])('shows %s, with the estimates of streams without usage', (shown, calls) => {
    expect(factsOf(...calls.map((attributes) => chat(attributes))).Tokens).toBe(shown);
  });

  const run = (
    status: string,
    id = status,
    more: Partial<SpanPlan> & { readonly isLost?: boolean } = {},
  ) => ({
    ...operation('invoke_agent', {
      'openai.run.id': id,
      'openai.run.status': status,
      ...(more.isLost && { 'openai.run.observed': false }),
      ...(more.error && { 'error.type': more.error }),
    }),
    ...more,
  });
  const response = (status: string, start: number): SpanPlan =>
    chat({ 'gen_ai.response.id': 'resp_1', 'gen_ai.response.status': status }, { start });
  // A request about a run is no run.
  const ASKED = {
    name: 'GET /threads/{thread_id}/runs/{run_id}',
    attributes: { 'openai.run.status': 'queued' },
  };

  it.each<[string, readonly SpanPlan[]]>([
    ['ok', [run('completed'), ASKED]],
    ['cancelled', [run('completed'), run('cancelled')]],
    ['incomplete', [run('incomplete'), run('completed')]],
    ['end not observed', [run('in_progress', 'run_1', { isLost: true })]],
    // The run went on in a later span.
    ['ok', [run('requires_action', 'run_1', { isLost: true }), run('completed', 'run_1', { start: 1 })]],
    [
      'ok',
      [
        run('completed', 'run_1', { start: 50 }),
        run('requires_action', 'run_1', { isLost: true, start: 15 }),
      ],
    ],
    ['1 error: server_error', [run('cancelled'), run('failed', 'run_2', { error: 'server_error' })]],
    ['interrupted', [run('completed'), chat({ 'openai.call.interrupted': true })]],
    // A background response.
    ['in progress', [response('queued', 0)]],
    ['ok', [response('in_progress', 0), response('completed', 1)]],
  ])('shows as the status: %s', (shown, children) => {
    expect(factsOf(...children).Status).toBe(shown);
  });

  it('names the error that ended the work beside those of its parts', () => {
    const failed = (name: string, type: string, message?: string, ...children: SpanPlan[]): SpanPlan => ({
      name,
      error: message ?? true,
      attributes: { 'error.type': type },
      children,
    });
    const timeout = failed('chat', 'run_timeout', undefined, failed('attempt', '500'));
    const tool = failed('execute_tool', 'NotFound', 'No such city');
    const retry = failed('retry', 'Error', 'Gave up', failed('inner', 'Error', 'Gave up'));
    const agent = failed('invoke_agent', 'run_timeout', undefined, tool, timeout);
    const { errors } = summaryOf(failed('task', 'Error', 'No answer', agent, retry));
    expect(errors.map(({ span }) => span.name)).toEqual(['task', 'execute_tool', 'chat', 'inner']);
  });
});

describe('what happened in a trace is counted under the names of its API:', () => {
  const used = tokens(10, 1);
  const step = (id: string): Attributes => ({ 'openai.run.id': 'run_1', 'openai.step.id': id });
  const turn = { 'openai.turn.id': 'turn_1', ...used };
  const invoke = (attributes: Attributes = {}): SpanPlan => operation('invoke_agent', attributes);
  const inThread = (id: string): SpanPlan =>
    invoke({ 'openai.run.id': 'run_1', 'gen_ai.conversation.id': id });
  /** A run that failed before it had an id. */
  const failed = invoke({ 'openai.api.type': 'assistants', 'error.type': '500' });

  it.each<[string, readonly SpanPlan[], object]>([
    [
      'a run once, also if it went on after a pause in a span of its own, or failed before it had an id',
      [inThread('thread_1'), inThread('thread_1'), inThread('thread_2'), failed, failed],
      { Runs: 4 },
    ],
    [
      'a run by its runs, and by its steps, of which each has spans for its tool calls',
      [
        invoke({ 'openai.run.id': 'run_1' }),
        operation('chat', step('step_1')),
        operation('execute_tool', step('step_1')),
        operation('execute_tool', step('step_1')),
        operation('chat', step('step_2')),
      ],
      { Runs: 1, Steps: 2, 'Model calls': 2, 'Tool calls': 2 },
    ],
    [
      'a session by its turns, and those of its subagents',
      [invoke(turn), invoke({ ...turn, 'openai.subagent.id': 'sub_1' })],
      { Turns: 2 },
    ],
    [
      'a workflow by the invocations of its agents',
      [invoke(), operation('chat', used), invoke()],
      { 'Agent invocations': 2, 'Model calls': 1 },
    ],
    [
      'a spoken conversation by its answers and transcriptions',
      [
        operation('chat', used),
        {
          name: 'speech_to_text whisper-1',
          attributes: { ...used, 'gen_ai.operation.name': 'speech_to_text', 'openai.api.type': 'realtime' },
        },
        { name: 'realtime' },
      ],
      { 'Model calls': 2 },
    ],
    [
      'plain requests by what they cost, and searches',
      [{ name: 'POST /videos', attributes: used }, { name: 'GET /models' }, operation('retrieval')],
      { 'Model calls': 1, 'Tool calls': 1 },
    ],
  ])('%s', (_, children, counts) => {
    const shown = summaryOf({ name: 'x', children }).counts;
    expect(Object.fromEntries(shown)).toEqual(counts);
  });
});

it('the panel shows audio tokens, which all tokens include, and leaves them out without any', () => {
  const spoken = { 'gen_ai.usage.audio.input_tokens': 70, 'gen_ai.usage.audio.output_tokens': 80 };
  const answers = [chat({ ...tokens(180, 95), ...spoken }), chat(tokens(10, 5))];
  expect(factsOf(...answers)).toMatchObject({ Tokens: '190 → 100 tokens', Audio: '70 → 80 tokens' });
  expect(factsOf(chat(tokens(10, 5)))).not.toHaveProperty('Audio');
});

describe('the table of calls', () => {
  it('numbers model and tool calls in order', () => {
    expect(callsOf(MATH_TUTOR)).toBe(
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
    const used = { 'gen_ai.usage.input_tokens': 10, ...cost(0.001) };
    const children = [
      operation('invoke_agent', { ...used, 'openai.turn.id': 'turn_1' }),
      {
        name: 'speech_to_text whisper-1',
        start: 1,
        attributes: { ...used, 'gen_ai.operation.name': 'speech_to_text', 'openai.api.type': 'realtime' },
      },
      { name: 'GET /models', start: 1 },
    ];
    const table = callsOf({ name: 'session', children });
    expect(table.match(/^ \d {2}\S+(?=.*\$)/gm)).toEqual([' 1  invoke_agent', ' 2  speech_to_text']);
  });

  it('shows failed calls and their retries', () => {
    expect(callsOf(RETRIED)).toContain(
      ' 1  chat gpt-4o    2.00 s  error   ✗ rate_limit_exceeded · 2 retries\n',
    );
  });

  it('is omitted for a trace without calls', () => {
    expect(callsOf({ name: 'x' })).toBe('');
  });

  it('says of an interrupted call neither that it succeeded nor that it failed', () => {
    const table = callsOf({ name: 'task', children: [chat({ 'openai.call.interrupted': true })] });
    expect(table).toMatch(/ interrupted$/m);
    expect(table).not.toMatch(/ ok | error /);
  });

  it('keeps tokens and cost on a narrow terminal', () => {
    const used = { 'openai.step.id': 'step_000001', ...tokens(171, 42), ...cost(0.000051) };
    const call = chat(used, { name: 'chat gpt-4o-mini' });
    for (const columns of [60, 80])
      expect(drawCalls(summaryOf({ name: 'x', children: [call] }), { columns, color: false })).toMatch(
        / {2}171 → 42 tokens · \$0\.000051\n$/,
      );
  });
});

it('the panel is as wide as its longest value, where the terminal is', () => {
  const summary = { ...summaryOf(MATH_TUTOR), prompt: 'x'.repeat(90) };
  const widths = [60, 90, 120, 200].map((columns) =>
    widthOf(drawSummary(summary, { columns, color: false }).split('\n')[0] ?? ''),
  );
  expect(widths).toEqual([60, 90, 107, 107]);
});

it.each([12, 20, 40, 60, 80])('fits a terminal of %d columns', (columns) => {
  const hostile = '数学\u001b[2J\u202e'.repeat(50);
  const summary = { ...summaryOf({ ...RETRIED, name: hostile }), prompt: hostile };
  const view = { columns, color: false };
  const text = drawSummary(summary, view) + drawCalls(summary, view);
  for (const line of text.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(columns);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
});
