import { ERROR_TYPE_VALUE_OTHER } from '../semconv/values.ts';
import { type Failure, readReported } from '../telemetry/outcomes/failure.ts';
import { arrayField, asObject, asText, field, first, stringField, textField } from '../util/payload.ts';

/** LM Studio sends only a message instead of an error object. */
export function reportedError(holder: unknown): unknown {
  const error = field(holder, 'error') ?? undefined;
  if (error === undefined) return undefined;
  return asObject(error) ?? asText(error);
}

/**
 * The failure that an answer with status 200 reports in its body or in all of its choices, instead of a result.
 * OpenRouter sends such an answer if the provider behind it fails.
 */
export function readAnswerFailure(result: unknown): Failure | undefined {
  const choices = field(result, 'choices');
  if (Array.isArray(choices) && choices.length > 0) return failureOfChoices(first(choices), result);
  const error = hasResults(result) ? undefined : reportedError(result);
  return error === undefined ? undefined : readReported(error, 'failed');
}

function failureOfChoices(choices: readonly unknown[], result: unknown): Failure | undefined {
  if (choices.some(isAnswer)) return undefined;
  const error = choices.map(reportedError).find((each) => each !== undefined) ?? reportedError(result);
  const isError = error !== undefined || choices.some((choice) => field(choice, 'finish_reason') === 'error');
  return isError ? readReported(error, ERROR_TYPE_VALUE_OTHER) : undefined;
}

/** A choice may report an error beside any finish reason, such as the `stop` of an OpenRouter stream. */
function isAnswer(choice: unknown): boolean {
  return (field(choice, 'finish_reason') ?? 'error') !== 'error' && reportedError(choice) === undefined;
}

/** `data` has embeddings, images or documents, `results` has moderations, and `text` has a transcript. */
function hasResults(result: unknown): boolean {
  const hasItems = arrayField(result, 'data').length > 0 || arrayField(result, 'results').length > 0;
  return hasItems || textField(result, 'text') !== undefined;
}

/** The failures of these objects are recorded where they run: on the span of the response, run or step. */
const RECORDED_ELSEWHERE = /^(?:response|thread\.run|thread\.run\.step)$/;

/** OpenAI gives a failed file the status `error`. */
export function readResourceFailure(result: unknown): Failure | undefined {
  const status = field(result, 'status');
  if (status !== 'failed' && status !== 'error') return undefined;
  if (RECORDED_ELSEWHERE.test(stringField(result, 'object') ?? '')) return undefined;
  const error = field(result, 'error') ?? field(result, 'last_error');
  const [first] = arrayField(field(result, 'errors'), 'data');
  return readReported(error ?? first ?? field(result, 'status_details'), status);
}
