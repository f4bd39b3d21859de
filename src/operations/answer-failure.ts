import { type Failure, readError } from '../telemetry/error.ts';
import { asObject, asText, field, fieldsOf } from '../util/payload.ts';

/** The error that a server reports in a body or in a choice: an object, or only its message as LM Studio sends it. */
export function reportedError(holder: unknown): unknown {
  const error = field(holder, 'error');
  return asObject(error) ?? asText(error);
}

/**
 * The failure that an answer with status 200 reports instead of a result, as OpenRouter does if the provider behind it
 * fails: in the body, or in the choices.
 */
export function readAnswerFailure(result: unknown): Failure | undefined {
  const { choices, data, results, text } = fieldsOf(result);
  const hasChoices = isFilled(choices);
  // Embeddings, images and documents are `data`, moderations `results`, transcripts `text`.
  if (hasChoices ? !choices.every(isBroken) : isFilled(data) || isFilled(results) || asText(text))
    return undefined;
  const error = (hasChoices ? reportedError(choices[0]) : undefined) ?? reportedError(result);
  return error === undefined ? undefined : readError(error, 'failed');
}

function isFilled(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length > 0;
}

/** Whether a choice has not come to an end of its own. */
function isBroken(choice: unknown): boolean {
  return (fieldsOf(choice).finish_reason ?? 'error') === 'error';
}
