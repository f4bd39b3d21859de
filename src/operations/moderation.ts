import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import type { Operation } from '../telemetry/operation.ts';
import { arrayField, booleanField, field } from '../util/payload.ts';
import { readAnswerFailure } from './answer-failure.ts';
import { modelRequest } from './request.ts';
import { answeringModel } from './subject.ts';

/**
 * `POST /moderations`: the number of inputs, and how many of them were flagged.
 *
 * @see https://platform.openai.com/docs/api-reference/moderations/create
 */
export const moderation: Operation = {
  ...modelRequest,
  endpoints: ['POST /moderations'],
  resultAttributes(result): Attributes {
    const attributes = answeringModel(result);
    if (!Array.isArray(field(result, 'results'))) return attributes;
    const results = arrayField(result, 'results');
    attributes[ATTR.OPENAI_MODERATION_RESULT_COUNT] = results.length;
    let flagged = 0;
    for (const result of results) if (booleanField(result, 'flagged')) flagged++;
    attributes[ATTR.OPENAI_MODERATION_FLAGGED_COUNT] = flagged;
    return attributes;
  },
  failure: readAnswerFailure,
};
