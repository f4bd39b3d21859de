import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import type { Operation } from '../telemetry/operation.ts';
import { field } from '../util/payload.ts';
import { answeringModel } from './attributes.ts';
import { readAnswerFailure } from './failures.ts';
import { modelRequest } from './request.ts';

/**
 * `POST /moderations`: the number of inputs, and how many of them were flagged.
 *
 * @see https://platform.openai.com/docs/api-reference/moderations/create
 */
export const moderation: Operation = {
  ...modelRequest,
  endpoints: ['POST /moderations'],
  resultAttributes(result): Attributes {
    const results = field(result, 'results');
    if (!Array.isArray(results)) return answeringModel(result);
    const flagged = results.filter((each) => field(each, 'flagged') === true);
    return {
      ...answeringModel(result),
      [ATTR.OPENAI_MODERATION_RESULT_COUNT]: results.length,
      [ATTR.OPENAI_MODERATION_FLAGGED_COUNT]: flagged.length,
    };
  },
  failure: readAnswerFailure,
};
