import * as ATTR from '../semconv/attributes.ts';
import type { Operation } from '../telemetry/operation.ts';
import { arrayField, countField, field, strings, textField } from '../util/payload.ts';
import { defined } from './attributes.ts';
import { readDocuments } from './citations.ts';
import { readAnswerFailure } from './failures.ts';
import { pathAttributes } from './request.ts';

/** @see https://platform.openai.com/docs/api-reference/vector-stores/search */
export const retrieval: Operation = {
  endpoints: ['POST /vector_stores/{vector_store_id}/search'],
  traits: { inference: 'retrieval' },
  name: 'retrieval',
  subject: ({ values: [vectorStoreId] }) => vectorStoreId,
  requestAttributes: (request) =>
    defined({
      ...pathAttributes(request),
      [ATTR.GEN_AI_DATA_SOURCE_ID]: request.values[0],
      [ATTR.GEN_AI_RETRIEVAL_TOP_K]: countField(request.body, 'max_num_results'),
    }),
  resultAttributes: (result) =>
    Array.isArray(field(result, 'data'))
      ? { [ATTR.OPENAI_FILE_SEARCH_RESULT_COUNT]: arrayField(result, 'data').length }
      : {},
  failure: readAnswerFailure,
  content: {
    input({ body }) {
      const query = textField(body, 'query') ?? strings(arrayField(body, 'query')).join('\n');
      return { parameters: query === '' ? {} : { [ATTR.GEN_AI_RETRIEVAL_QUERY_TEXT]: query } };
    },
    output: (result) => ({ documents: readDocuments(arrayField(result, 'data')) }),
  },
};
