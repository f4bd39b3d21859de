import * as api from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { buildTrees, type Row, type TraceTree } from '../src/tree.ts';
import { type FinishedSpan, toViewedSpan } from '../src/viewed-span.ts';

/** A span to make: times are milliseconds since the start of its trace. */
export interface SpanPlan {
  readonly name: string;
  readonly kind?: api.SpanKind;
  readonly start?: number;
  readonly end?: number;
  readonly attributes?: api.Attributes;
  readonly events?: readonly {
    readonly name: string;
    readonly at: number;
    readonly attributes?: api.Attributes;
  }[];
  /** Status ERROR, with a message. */
  readonly error?: boolean | string;
  /** Never ended, so that its children miss their parent. */
  readonly open?: boolean;
  readonly children?: readonly SpanPlan[];
}

/** A part of a message, a message of one text, and messages of one role, as attributes have them. */
export const text = (content: string): object => ({ type: 'text', content });
export const said = (role: string, content: string): object => ({ role, parts: [text(content)] });
export const messages = (role: string, ...parts: readonly object[]): string =>
  JSON.stringify([{ role, parts }]);

/** A call of a model. */
export function chat(attributes: api.Attributes = {}, more: Partial<SpanPlan> = {}): SpanPlan {
  return { name: 'chat gpt-4o', ...more, attributes: { 'gen_ai.operation.name': 'chat', ...attributes } };
}

/** The tokens that a call reports. */
export function tokens(input: number, output: number): api.Attributes {
  return { 'gen_ai.usage.input_tokens': input, 'gen_ai.usage.output_tokens': output };
}

const START = Date.UTC(2026, 0, 1);

/** Makes spans with the real SDK; they are returned as it exports them: children before parents. */
export function makeSpans(...plans: readonly SpanPlan[]): FinishedSpan[] {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    // By default the path of Node follows, which differs from checkout to checkout.
    resource: resourceFromAttributes({ 'service.name': 'unknown_service:node' }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer('test');
  const make = (plan: SpanPlan, parent: api.Context): void => {
    const { name, kind = api.SpanKind.INTERNAL, start = 0, end = start, attributes = {} } = plan;
    const span = tracer.startSpan(name, { kind, attributes, startTime: START + start }, parent);
    if (plan.error)
      span.setStatus({
        code: api.SpanStatusCode.ERROR,
        ...(typeof plan.error === 'string' && { message: plan.error }),
      });
    for (const { name: event, at, attributes: told = {} } of plan.events ?? [])
      span.addEvent(event, told, START + at);
    const below = api.trace.setSpan(parent, span);
    for (const child of plan.children ?? []) make(child, below);
    if (!plan.open) span.end(START + end);
  };
  for (const plan of plans) make(plan, api.ROOT_CONTEXT);
  return exporter.getFinishedSpans();
}

/** Spans as trees, one for each trace. */
export function treesOf(spans: readonly FinishedSpan[]): TraceTree[] {
  return buildTrees(spans.map((span) => toViewedSpan(span)));
}

/** The rows of spans, from top to bottom. */
export function rowsOf(spans: readonly FinishedSpan[]): Row[] {
  return treesOf(spans).flatMap(({ rows }) => rows);
}

/** A span with any ids. */
export function rawSpan(spanId: string, parentId = ''): FinishedSpan {
  const context = { traceId: 'a'.repeat(32), spanId };
  return {
    name: spanId,
    kind: 0,
    startTime: [0, 0],
    endTime: [1, 0],
    status: { code: 0 },
    attributes: {},
    parentSpanContext: { spanId: parentId },
    spanContext: () => context,
  };
}

const thread = { 'openai.thread.id': 'thread_abc123', 'gen_ai.conversation.id': 'thread_abc123' };
const run = { ...thread, 'openai.run.id': 'run_def456' };
const totals = { 'openai.total.input_tokens': 381, 'openai.total.output_tokens': 88 };
const step = (id: string, type: string, finish: string): api.Attributes => ({
  ...run,
  'openai.step.id': id,
  'openai.step.type': type,
  'openai.step.status': 'completed',
  'gen_ai.response.finish_reasons': [finish],
});
const ofClient = { name: 'chat gpt-4o-mini', kind: api.SpanKind.CLIENT };

/** The spans of one run with a tool call, as the Assistants API makes them. */
export const MATH_TUTOR: SpanPlan = {
  name: 'thread',
  end: 14_200,
  attributes: { ...thread, ...totals, 'openai.total.runs': 1, 'openai.total.user_messages': 1 },
  children: [
    {
      name: 'invoke_agent Math Tutor',
      kind: api.SpanKind.CLIENT,
      start: 1000,
      end: 7310,
      attributes: {
        ...run,
        ...totals,
        'gen_ai.operation.name': 'invoke_agent',
        'openai.assistant.id': 'asst_1',
        'gen_ai.agent.id': 'asst_1',
        'gen_ai.agent.name': 'Math Tutor',
        'gen_ai.request.model': 'gpt-4o-mini',
        'openai.run.status': 'completed',
        'openai.run.poll_count': 3,
      },
      children: [
        chat(
          { ...step('step_1', 'tool_calls', 'tool_calls'), ...tokens(154, 62) },
          { ...ofClient, start: 1100, end: 2340 },
        ),
        {
          name: 'execute_tool code_interpreter',
          start: 2340,
          end: 3152,
          attributes: {
            ...run,
            'gen_ai.operation.name': 'execute_tool',
            'openai.step.id': 'step_1',
            'gen_ai.tool.name': 'code_interpreter',
            'openai.tool.type': 'code_interpreter',
            'gen_ai.tool.call.id': 'call_1',
          },
        },
        chat(
          { ...step('step_2', 'message_creation', 'stop'), ...tokens(227, 26) },
          { ...ofClient, start: 3200, end: 7200 },
        ),
      ],
    },
  ],
};

const spoken = { 'gen_ai.conversation.id': 'sess_1', 'openai.api.type': 'realtime' };
const realtime = (name: string, at: number, attributes: api.Attributes) => ({
  name: `openai.realtime.${name}`,
  at,
  attributes,
});
/** An answer in a spoken conversation: it has so many seconds of audio, which begin after so many. */
function spokenAnswer(id: string, [first, seconds]: readonly [number, number], said: string): api.Attributes {
  return {
    ...spoken,
    'gen_ai.response.id': id,
    'openai.realtime.time_to_first_audio': first,
    'openai.realtime.output_audio_duration': seconds,
    'gen_ai.output.messages': messages('assistant', text(said)),
  };
}
const QUESTION = messages('user', text('Is x equal to 1?'));

/** A spoken conversation: two questions, and answers that the user interrupts, while it is played and while it is made. */
export const VOICE_SESSION: SpanPlan = {
  name: 'realtime',
  end: 10_000,
  attributes: { ...spoken, 'openai.realtime.interruption_count': 2 },
  events: [
    realtime('speech', 2_000, {
      'openai.item.id': 'item_1',
      'openai.audio.duration': 9,
      'openai.realtime.speech_time': 1.5,
    }),
    realtime('interruption', 6_000, {
      'gen_ai.response.id': 'resp_1',
      'openai.realtime.heard_audio_duration': 2.5,
    }),
    realtime('speech', 7_000, { 'openai.item.id': 'item_3', 'openai.audio.duration': 1 }),
    realtime('interruption', 9_000, { 'gen_ai.response.id': 'resp_2' }),
  ],
  children: [
    chat(
      {
        ...spokenAnswer('resp_1', [1, 6], 'Yes, x is 1.'),
        ...tokens(180, 95),
        'gen_ai.usage.cache_read.input_tokens': 64,
        'gen_ai.usage.audio.input_tokens': 70,
        'gen_ai.usage.audio.output_tokens': 75,
        'openai.cost': 0.0078,
        'gen_ai.input.messages': QUESTION,
      },
      { name: 'chat gpt-realtime', start: 2_000, end: 3_500 },
    ),
    {
      name: 'speech_to_text gpt-4o-transcribe',
      start: 2_000,
      end: 4_000,
      attributes: {
        ...spoken,
        'gen_ai.operation.name': 'speech_to_text',
        'openai.item.id': 'item_1',
        ...tokens(24, 9),
        'openai.cost': 0.0002,
        'gen_ai.output.messages': QUESTION,
      },
    },
    chat(
      {
        ...spokenAnswer('resp_2', [0.5, 4], 'You are wel'),
        ...tokens(10, 5),
        'gen_ai.usage.audio.output_tokens': 5,
        'openai.realtime.cancel_reason': 'turn_detected',
      },
      { name: 'chat gpt-realtime', start: 7_000, end: 9_000 },
    ),
  ],
};
