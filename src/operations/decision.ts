import type { Attributes } from '@opentelemetry/api';
import { ATTR_GEN_AI_REQUEST_MODEL, ATTR_GEN_AI_RESPONSE_MODEL } from '../semconv/attributes.ts';
import { readUsage } from '../telemetry/cost/usage.ts';
import type { Operation } from '../telemetry/operation.ts';
import { field, stringField } from '../util/payload.ts';
import { readAnswerFailure } from './answer-failure.ts';
import { define } from './attributes.ts';
import { request } from './request.ts';
import { modelOf } from './subject.ts';

/**
 * `POST /decisions`: a model answers questions about an input with choices and scores. The conventions define no
 * operation for it.
 *
 * @see https://platform.openai.com/docs/api-reference/decisions/create
 */
export const decision: Operation = {
  endpoints: ['POST /decisions'],
  traits: { runsModel: true },
  spanName: request.spanName,
  requestAttributes(apiRequest): Attributes {
    const attributes = request.requestAttributes(apiRequest);
    define(attributes, ATTR_GEN_AI_REQUEST_MODEL, modelOf(apiRequest));
    return attributes;
  },
  resultAttributes(result): Attributes {
    const attributes: Attributes = {};
    define(attributes, ATTR_GEN_AI_RESPONSE_MODEL, stringField(result, 'model'));
    return attributes;
  },
  usage: (result) => readUsage(field(result, 'usage')),
  failure: readAnswerFailure,
};
