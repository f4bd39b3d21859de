import {
  ATTR_GEN_AI_EVALUATION_EXPLANATION,
  ATTR_GEN_AI_EVALUATION_NAME,
  ATTR_GEN_AI_EVALUATION_SCORE_LABEL,
  ATTR_GEN_AI_EVALUATION_SCORE_VALUE,
} from '../semconv/attributes.ts';
import { EVENT_GEN_AI_EVALUATION_RESULT } from '../semconv/events.ts';
import { isNumber } from './amounts.ts';
import type { SpanEvent } from './page-span.ts';
import { attributeText } from './span-details.ts';

/** A judgement on an answer, as a page shows it. */
export interface SpanEvaluation {
  readonly name: string;
  readonly score: number | undefined;
  readonly label: string | undefined;
  readonly explanation: string | undefined;
}

/** The evaluations among the events of a span. */
export function evaluationsOf(events: readonly SpanEvent[]): SpanEvaluation[] {
  return events
    .filter(({ name }) => name === EVENT_GEN_AI_EVALUATION_RESULT)
    .map(({ attributes = {} }) => {
      const text = (attribute: string): string | undefined => {
        const value = attributes[attribute] ?? undefined;
        return value === undefined ? undefined : attributeText(value);
      };
      const score = attributes[ATTR_GEN_AI_EVALUATION_SCORE_VALUE];
      return {
        name: text(ATTR_GEN_AI_EVALUATION_NAME) ?? 'evaluation',
        score: isNumber(score) ? score : undefined,
        label: text(ATTR_GEN_AI_EVALUATION_SCORE_LABEL),
        explanation: text(ATTR_GEN_AI_EVALUATION_EXPLANATION),
      };
    });
}

/** `helpfulness 0.9 (good)`. */
export function evaluationText({ name, score, label }: SpanEvaluation): string {
  const value = [score?.toLocaleString('en-US'), label === undefined ? undefined : `(${label})`];
  return [name, ...value].filter((part) => part !== undefined).join(' ');
}
