import { type Failure, readError } from '../telemetry/outcomes/failure.ts';
import { arrayField, asObject, asText, field, stringField, textField } from '../util/payload.ts';

/** LM Studio sends only a message instead of an error object. */
export function reportedError(holder: unknown): unknown {
  const error = field(holder, 'error');
  return asObject(error) ?? asText(error);
}

/**
 * The failure that an answer with status 200 reports in its body or in its choices, instead of a result.
 * OpenRouter sends such an answer if the provider behind it fails.
 */
export function readAnswerFailure(result: unknown): Failure | undefined {
  const choices = arrayField(result, 'choices');
  if (choices.length > 0 ? !choices.every(isBroken) : hasResults(result)) return undefined;
  const error = reportedError(choices[0]) ?? reportedError(result);
  return error === undefined ? undefined : readError(error, 'failed');
}

function isBroken(choice: unknown): boolean {
  return (field(choice, 'finish_reason') ?? 'error') === 'error';
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
  return readError(error ?? first ?? field(result, 'status_details'), status);
}
