import * as ATTR from '../semconv/attributes.ts';
import { EVENT_GEN_AI_EVALUATION_RESULT } from '../semconv/events.ts';
import { terminalSafe } from '../util/terminal-safe.ts';
import { joinedFacts } from './format-amounts.ts';
import { attributeText } from './messages.ts';
import { numberIn } from './span-usage.ts';
import { groupBy } from './tree.ts';
import { limitedSpan, type SpanEvent, type Time, type ViewedSpan } from './viewed-span.ts';

/** The maximum length of an evaluation's id, in UTF-16 units. */
const MAX_EVALUATION_ID_LENGTH = 1_000;

export interface SpanEvaluation {
  readonly name: string;
  readonly score: number | undefined;
  readonly label: string | undefined;
  readonly explanation: string | undefined;
}

export function evaluationsOf(events: readonly SpanEvent[] = []): SpanEvaluation[] {
  return events.filter(({ name }) => isEvaluation(name)).map(readEvaluation);
}

function readEvaluation({ attributes = {} }: SpanEvent): SpanEvaluation {
  const text = (attribute: string): string | undefined => {
    const value = attributes[attribute] ?? undefined;
    return value === undefined ? undefined : attributeText(value);
  };
  return {
    name: text(ATTR.GEN_AI_EVALUATION_NAME) ?? 'evaluation',
    score: numberIn(attributes, ATTR.GEN_AI_EVALUATION_SCORE_VALUE),
    label: text(ATTR.GEN_AI_EVALUATION_SCORE_LABEL),
    explanation: text(ATTR.GEN_AI_EVALUATION_EXPLANATION),
  };
}

/** Formats an evaluation: `helpfulness 0.9 (good)`. */
export function evaluationText({ name, score, label }: SpanEvaluation): string {
  return joinedFacts([name, score?.toLocaleString('en-US'), label && `(${label})`], ' ');
}

/** The common part of log records in SDK 2.x and 3.x. */
export interface FinishedLogRecord {
  readonly eventName?: string | undefined;
  readonly hrTime: Time;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly spanContext?: { readonly traceId: string; readonly spanId: string } | undefined;
}

/** The result of an evaluation, as views show it: an event of the span that it is about. */
export interface ShownEvaluation {
  /** `undefined` if the log record belongs to no span. */
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly event: SpanEvent;
}

export function isEvaluation(eventName: unknown): boolean {
  return eventName === EVENT_GEN_AI_EVALUATION_RESULT;
}

export function toShownEvaluation({ spanContext, hrTime, attributes }: FinishedLogRecord): ShownEvaluation {
  const { traceId, spanId } = spanContext ?? {};
  return { traceId, spanId, event: { name: EVENT_GEN_AI_EVALUATION_RESULT, time: hrTime, attributes } };
}

/** Turns an evaluation into a child of the span that it is about. One that is sent again gets the same id. */
export function evaluationSpan({ traceId = '', spanId = '', event }: ShownEvaluation): ViewedSpan {
  const { name, time, attributes = {} } = event;
  const span = { traceId, parentId: spanId, name, start: time, end: time, status: 0, attributes };
  const id = `${spanId} ${time} ${attributeText(attributes)}`.slice(0, MAX_EVALUATION_ID_LENGTH);
  return limitedSpan({ ...span, spanId: id, isEvaluation: true });
}

/** Turns evaluations into events of the spans that they are about. Those about missing spans are left out. */
export function withEvaluations(all: readonly ViewedSpan[]): ViewedSpan[] {
  const evaluations = all.filter(({ isEvaluation }) => isEvaluation);
  const byParent = groupBy(evaluations, ({ parentId }) => parentId);
  const spans = all.filter(({ isEvaluation }) => !isEvaluation);
  return spans.map((span) => {
    const own = byParent.get(span.spanId) ?? [];
    if (own.length === 0) return span;
    const events = own.map(({ name, start, attributes }) => ({ name, time: start, attributes }));
    return { ...span, events: [...(span.events ?? []), ...events] };
  });
}

export function scoreText(evaluation: SpanEvaluation): string {
  return terminalSafe(evaluationText(evaluation), 120);
}

export function explanationText({ name, explanation }: SpanEvaluation): string | undefined {
  if (explanation === undefined) return undefined;
  return `${terminalSafe(name, 60)}: "${terminalSafe(explanation, 500)}"`;
}

/** What an evaluation can be about. The first of these ids that is present decides. */
const EVALUATION_SUBJECTS: readonly (readonly [name: string, attribute: string])[] = [
  ['response', ATTR.GEN_AI_RESPONSE_ID],
  ['run', ATTR.OPENAI_RUN_ID],
  ['conversation', ATTR.GEN_AI_CONVERSATION_ID],
];

export function lateEvaluationLines({ traceId, event }: ShownEvaluation): string {
  const { attributes = {} } = event;
  const subject = EVALUATION_SUBJECTS.find(([, attribute]) => typeof attributes[attribute] === 'string');
  const evaluation = readEvaluation(event);
  const explanation = explanationText(evaluation);
  const facts = [
    `evaluation ${scoreText(evaluation)}`,
    subject && `${subject[0]} ${terminalSafe(String(attributes[subject[1]]), 100)}`,
    traceId && `trace ${terminalSafe(traceId)}`,
  ];
  return `${joinedFacts(facts)}\n${explanation === undefined ? '' : `  ${explanation}\n`}`;
}
