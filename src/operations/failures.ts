import { type Failure, readError } from '../telemetry/outcomes/failure.ts';
import { arrayField, asObject, asText, field, stringField, textField } from '../util/payload.ts';

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
  const choices = arrayField(result, 'choices');
  if (choices.length > 0 ? !choices.every(isBroken) : hasResults(result)) return undefined;
  const error = reportedError(choices[0]) ?? reportedError(result);
  return error === undefined ? undefined : readError(error, 'failed');
}

/** Whether a choice has not come to an end of its own. */
function isBroken(choice: unknown): boolean {
  return (field(choice, 'finish_reason') ?? 'error') === 'error';
}

/** Embeddings, images and documents are `data`, moderations `results`, transcripts `text`. */
function hasResults(result: unknown): boolean {
  const hasItems = arrayField(result, 'data').length > 0 || arrayField(result, 'results').length > 0;
  return hasItems || textField(result, 'text') !== undefined;
}

/** Their failures are recorded where they run. */
const RECORDED_ELSEWHERE = /^(?:response|thread\.run|thread\.run\.step)$/;

/** Why a batch, a job, a file or another resource has failed. The files of OpenAI have the status `error`. */
export function readResourceFailure(result: unknown): Failure | undefined {
  const status = field(result, 'status');
  if (status !== 'failed' && status !== 'error') return undefined;
  if (RECORDED_ELSEWHERE.test(stringField(result, 'object') ?? '')) return undefined;
  const error = field(result, 'error') ?? field(result, 'last_error');
  const [first] = arrayField(field(result, 'errors'), 'data');
  return readError(error ?? first ?? field(result, 'status_details'), status);
}
