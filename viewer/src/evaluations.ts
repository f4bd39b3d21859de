import { joinedFacts } from './format-amounts.ts';
import { attributeText } from './messages.ts';
import * as ATTR from './semconv/attributes.ts';
import { EVENT_GEN_AI_EVALUATION_RESULT } from './semconv/events.ts';
import { terminalSafe } from './shared/terminal-safe.ts';
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
  return events
    .filter(({ name }) => isEvaluation(name))
    .map(({ attributes = {} }) => {
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
    });
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

export function isEvaluation(eventName: unknown): boolean {
  return eventName === EVENT_GEN_AI_EVALUATION_RESULT;
}

/**
 * Turns the record of an evaluation into a child of the span that it is about. One that is sent again gets the same id.
 *
 * @returns `undefined` if the record belongs to no span
 */
export function evaluationSpan(record: Omit<FinishedLogRecord, 'eventName'>): ViewedSpan | undefined {
  const { hrTime: time, attributes, spanContext: { traceId = '', spanId = '' } = {} } = record;
  if (traceId === '' || spanId === '') return undefined;
  const id = `${spanId} ${time} ${attributeText(attributes)}`.slice(0, MAX_EVALUATION_ID_LENGTH);
  const span = { name: EVENT_GEN_AI_EVALUATION_RESULT, start: time, end: time, status: 0, attributes };
  return limitedSpan({ ...span, traceId, spanId: id, parentId: spanId, isEvaluation: true });
}

/** Turns evaluations into events of the spans that they are about. One about a missing span is its own event. */
export function withEvaluations(all: readonly ViewedSpan[]): ViewedSpan[] {
  const ids = new Set(all.flatMap(({ spanId, isEvaluation: is }) => (is ? [] : spanId)));
  const isOfSpan = ({ isEvaluation: is, parentId }: ViewedSpan): boolean =>
    Boolean(is && ids.has(parentId ?? ''));
  const events = groupBy(
    all.filter(({ isEvaluation: is }) => is),
    (each) => (isOfSpan(each) ? each.parentId : each.spanId),
  );
  return all
    .filter((span) => !isOfSpan(span))
    .map((span) => {
      const own = events
        .get(span.spanId)
        ?.map(({ name, start, attributes }) => ({ name, time: start, attributes }));
      const parentId = span.isEvaluation ? undefined : span.parentId;
      return own === undefined ? span : { ...span, parentId, events: [...(span.events ?? []), ...own] };
    });
}

export function explanationText({ name, explanation }: SpanEvaluation): string | undefined {
  if (explanation === undefined) return undefined;
  return `${terminalSafe(name, 60)}: "${terminalSafe(explanation, 500)}"`;
}
