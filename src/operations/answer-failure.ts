import { type Failure, readError } from '../telemetry/error.ts';
import { arrayField, objectField } from '../util/payload.ts';

/** The failure that an answer with status 200 reports, as OpenRouter does if the provider behind it fails. */
export function readAnswerFailure(result: unknown): Failure | undefined {
  const error = objectField(result, 'error');
  const hasChoices = arrayField(result, 'choices').length > 0;
  return error === undefined || hasChoices ? undefined : readError(error, 'failed');
}
