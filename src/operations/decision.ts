import { usageIn } from '../telemetry/cost/usage.ts';
import type { Operation } from '../telemetry/operation.ts';
import { answeringModel } from './attributes.ts';
import { readAnswerFailure } from './failures.ts';
import { modelRequest } from './request.ts';

/**
 * `POST /decisions`: a model answers questions about an input with choices and scores. The conventions define no
 * operation for it.
 *
 * @see https://platform.openai.com/docs/api-reference/decisions/create
 */
export const decision: Operation = {
  ...modelRequest,
  endpoints: ['POST /decisions'],
  resultAttributes: answeringModel,
  usage: usageIn,
  failure: readAnswerFailure,
};
