import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../../semconv/attributes.ts';
import { row } from '../../util/payload.ts';

/** Finish reasons for the API's reasons why a run or response is `incomplete`. All three limits become `length`. */
export const INCOMPLETE_REASONS: Readonly<Record<string, string>> = {
  max_output_tokens: 'length',
  max_completion_tokens: 'length',
  max_prompt_tokens: 'length',
  content_filter: 'content_filter',
};

/** Adds the finish reason of a response, run or step, and the API's own word for why it is incomplete. */
export function addFinishReason(attributes: Attributes, reason: string | undefined): void {
  if (reason === undefined) return;
  const incomplete = row(INCOMPLETE_REASONS, reason);
  attributes[ATTR.GEN_AI_RESPONSE_FINISH_REASONS] = [incomplete ?? reason];
  if (incomplete !== undefined) attributes[ATTR.OPENAI_RESPONSE_INCOMPLETE_REASON] = reason;
}

const unfinished = new WeakSet<object>();

/** Marks an answer as incomplete: its stream was not read to the end, was aborted, or broke off. */
export function markUnfinished(answer: unknown): void {
  if (typeof answer === 'object' && answer !== null) unfinished.add(answer);
}

/** Whether an answer was marked as incomplete by `markUnfinished`. */
export function isUnfinished(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && unfinished.has(answer);
}
