import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../../semconv/attributes.ts';
import { row } from '../../util/payload.ts';

/**
 * Finish reasons, by the API's reason for an `incomplete` run or response. All three limits become `length`.
 */
const INCOMPLETE_REASONS: Readonly<Record<string, string>> = {
  max_output_tokens: 'length',
  max_completion_tokens: 'length',
  max_prompt_tokens: 'length',
  content_filter: 'content_filter',
};

export function addFinishReason(attributes: Attributes, reason: string | undefined): void {
  if (reason === undefined) return;
  const incomplete = row(INCOMPLETE_REASONS, reason);
  attributes[ATTR.GEN_AI_RESPONSE_FINISH_REASONS] = [incomplete ?? reason];
  if (incomplete !== undefined) attributes[ATTR.OPENAI_RESPONSE_INCOMPLETE_REASON] = reason;
}

const unfinished = new WeakSet<object>();

/** Marks an answer whose stream was not read to the end, was aborted, or broke off. */
export function markUnfinished(answer: unknown): void {
  if (typeof answer === 'object' && answer !== null) unfinished.add(answer);
}

/** Finish reasons as the schema of output messages spells them. The attribute keeps the API's spelling. */
const SCHEMA_FINISH_REASONS: Readonly<Record<string, string>> = {
  tool_calls: 'tool_call',
  function_call: 'tool_call',
  ...INCOMPLETE_REASONS,
  // The schema has no word for an answer that was not completed.
  cancelled: 'error',
  failed: 'error',
  expired: 'error',
  // Reasons of DeepSeek, Mistral and Together.
  insufficient_system_resource: 'error',
  model_length: 'length',
  eos: 'stop',
};

/**
 * Converts a finish reason to the schema's spelling. The schema prescribes `error` for a message without a
 * reason, but some servers send complete answers without one.
 *
 * @param answer the answer that contains the message, if the answer is over
 */
export function messageFinishReason(reason: string | undefined, answer?: unknown): string {
  if (reason === undefined)
    return answer === undefined || unfinished.has(answer as object) ? 'error' : 'stop';
  // Some servers send finish reasons in capitals.
  const lower = reason.toLowerCase();
  return row(SCHEMA_FINISH_REASONS, lower) ?? lower;
}
