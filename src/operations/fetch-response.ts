import * as ATTR from '../semconv/attributes.ts';
import type { Operation } from '../telemetry/operation.ts';
import { countField, field } from '../util/payload.ts';
import { defined } from './attributes.ts';
import { pathAttributes } from './request.ts';
import { ResponseAccumulator } from './response/accumulator.ts';
import { readInstructions, readResponseOutput } from './response/content.ts';
import { responseAttributes } from './response/outcome.ts';
import { readToolDefinitions } from './tool-definitions.ts';

/**
 * Retrieves a response, whole or as a resumed stream. The usage belongs to the call that created the
 * response, so it is not recorded again. A failed response does not make the retrieval fail.
 *
 * @see https://platform.openai.com/docs/api-reference/responses/get
 */
export const fetchResponse: Operation = {
  endpoints: ['GET /responses/{response_id}'],
  name: 'fetch_response',
  requestAttributes: (request) =>
    defined({
      [ATTR.OPENAI_API_TYPE]: 'responses',
      ...pathAttributes(request),
      [ATTR.GEN_AI_REQUEST_STREAM]: request.streamed || undefined,
      [ATTR.GEN_AI_REQUEST_STREAM_CURSOR]: countField(request.query, 'starting_after')?.toString(),
    }),
  resultAttributes: responseAttributes,
  accumulate: (content) => new ResponseAccumulator(content),
  content: {
    output: (result) => ({
      systemInstructions: readInstructions(field(result, 'instructions')),
      outputMessages: readResponseOutput(result),
      toolDefinitions: readToolDefinitions(result),
    }),
  },
};
