import { type Failure, readError } from '../telemetry/error.ts';
import { arrayField, asObject, asText, field } from '../util/payload.ts';

/** The error that a server reports in a body or in a choice: an object, or only its message as LM Studio sends it. */
export function reportedError(holder: unknown): unknown {
  const error = field(holder, 'error');
  return asObject(error) ?? asText(error);
}

/**
 * The failure that an answer with status 200 reports instead of a result, as OpenRouter does if the provider behind it
 * fails: in the body, or in every choice.
 */
export function readAnswerFailure(result: unknown): Failure | undefined {
  const choices = arrayField(result, 'choices');
  const isFailed = choices.length > 0 ? choices.every(reportedError) : !hasResults(result);
  const error = isFailed ? reportedError(choices[0] ?? result) : undefined;
  return error === undefined ? undefined : readError(error, 'failed');
}

/** Embeddings, images and documents are `data`, moderations `results`. */
function hasResults(result: unknown): boolean {
  return arrayField(result, 'data').length > 0 || arrayField(result, 'results').length > 0;
}
