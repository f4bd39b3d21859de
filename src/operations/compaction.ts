import * as ATTR from '../semconv/attributes.ts';
import { usageIn } from '../telemetry/cost/usage.ts';
import type { Operation } from '../telemetry/operation.ts';
import { stringField } from '../util/payload.ts';
import { defined } from './attributes.ts';
import { modelRequest } from './request.ts';

/**
 * `POST /responses/compact`: a model shortens the history of a conversation. This spends tokens, but the conventions
 * define no operation for it.
 *
 * @see https://platform.openai.com/docs/api-reference/responses/compact
 */
export const compaction: Operation = {
  ...modelRequest,
  traits: { ...modelRequest.traits, tokensOf: 'chat' },
  endpoints: ['POST /responses/compact'],
  requestAttributes: (apiRequest) =>
    defined({
      ...modelRequest.requestAttributes(apiRequest),
      [ATTR.OPENAI_API_TYPE]: 'responses',
      [ATTR.GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID]: stringField(apiRequest.body, 'previous_response_id'),
    }),
  resultAttributes: (result) => defined({ [ATTR.GEN_AI_RESPONSE_ID]: stringField(result, 'id') }),
  usage: usageIn,
};
