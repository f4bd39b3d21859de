import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_RESPONSE_MODEL,
  ATTR_OPENAI_MODERATION_FLAGGED_COUNT,
  ATTR_OPENAI_MODERATION_RESULT_COUNT,
} from '../semconv/attributes.ts';
import type { Operation } from '../telemetry/operation.ts';
import { arrayField, booleanField, field, stringField } from '../util/payload.ts';
import { readAnswerFailure } from './answer-failure.ts';
import { define } from './attributes.ts';
import { request } from './request.ts';
import { modelOf } from './subject.ts';

/**
 * `POST /moderations`: the number of inputs, and how many of them were flagged.
 *
 * @see https://platform.openai.com/docs/api-reference/moderations/create
 */
export const moderation: Operation = {
  endpoints: ['POST /moderations'],
  traits: { runsModel: true },
  spanName: request.spanName,
  requestAttributes(apiRequest): Attributes {
    const attributes = { ...request.requestAttributes(apiRequest) };
    define(attributes, ATTR_GEN_AI_REQUEST_MODEL, modelOf(apiRequest));
    return attributes;
  },
  resultAttributes(result): Attributes {
    const attributes: Attributes = {};
    define(attributes, ATTR_GEN_AI_RESPONSE_MODEL, stringField(result, 'model'));
    if (!Array.isArray(field(result, 'results'))) return attributes;
    const results = arrayField(result, 'results');
    attributes[ATTR_OPENAI_MODERATION_RESULT_COUNT] = results.length;
    let flagged = 0;
    for (const result of results) if (booleanField(result, 'flagged')) flagged++;
    attributes[ATTR_OPENAI_MODERATION_FLAGGED_COUNT] = flagged;
    return attributes;
  },
  failure: readAnswerFailure,
};
