import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import type { Fees } from '../telemetry/cost/billed-amounts.ts';
import { usageIn } from '../telemetry/cost/usage.ts';
import type { ApiRequest, Operation } from '../telemetry/operation.ts';
import {
  arrayField,
  asArray,
  asCount,
  asName,
  asNumber,
  asObject,
  asWord,
  countField,
  field,
  fieldsOf,
  first,
  objectField,
  textField,
  tolerating,
} from '../util/payload.ts';
import { define, modelCall, outputTypeOf } from './attributes.ts';
import { ResponseAccumulator } from './response/accumulator.ts';
import { readInstructions, readResponseInput, readResponseOutput } from './response/content.ts';
import { countSkippedItemCalls } from './response/items.ts';
import { conversationIdOf, readResponseFailure, responseAttributes } from './response/outcome.ts';
import { readResponseToolCalls } from './tool-calls.ts';
import { readToolDefinitions } from './tool-definitions.ts';

/** @see https://platform.openai.com/docs/api-reference/responses/create */
export const response: Operation = {
  endpoints: ['POST /responses'],
  traits: { inference: 'chat', createsMetadata: true },
  name: 'chat',
  requestAttributes: tolerating(responseRequestAttributes),
  parameterAttributes: tolerating(responseParameterAttributes),
  resultAttributes(result): Attributes {
    const attributes = responseAttributes(result);
    const output = arrayField(result, 'output');
    const compacted = output.some(isCompaction);
    define(attributes, ATTR.OPENAI_SKIPPED_TOOL_CALLS, countSkippedItemCalls(output) || undefined);
    define(attributes, ATTR.GEN_AI_CONVERSATION_COMPACTED, compacted || undefined);
    return attributes;
  },
  usage: usageIn,
  fees: readResponseFees,
  failure: readResponseFailure,
  toolCalls: readResponseToolCalls,
  accumulate: (content) => new ResponseAccumulator(content),
  content: {
    input: ({ body }) => ({
      parameters: promptVariables(body),
      systemInstructions: readInstructions(field(body, 'instructions')),
      inputMessages: readResponseInput(field(body, 'input')),
      toolDefinitions: readToolDefinitions(body),
    }),
    output: (result) => ({ outputMessages: readResponseOutput(result) }),
  },
};

function responseRequestAttributes(request: ApiRequest): Attributes {
  const attributes = modelCall(request);
  define(attributes, ATTR.GEN_AI_CONVERSATION_ID, conversationIdOf(request.body));
  // These are set when the span starts. Otherwise, the prompt of `withMetadata` would be added.
  const prompt = objectField(request.body, 'prompt');
  if (prompt === undefined) return attributes;
  define(attributes, ATTR.GEN_AI_PROMPT_NAME, asName(field(prompt, 'id')));
  define(attributes, ATTR.GEN_AI_PROMPT_VERSION, asName(field(prompt, 'version')));
  return attributes;
}

function responseParameterAttributes({ body, streamed }: ApiRequest): Attributes {
  const { input, previous_response_id, max_output_tokens, temperature, top_p, reasoning, text } =
    fieldsOf(body);
  const attributes: Attributes = { [ATTR.OPENAI_API_TYPE]: 'responses' };
  define(attributes, ATTR.GEN_AI_REQUEST_STREAM, streamed || undefined);
  define(attributes, ATTR.GEN_AI_CONVERSATION_COMPACTED, asArray(input).some(isCompaction) || undefined);
  define(attributes, ATTR.GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID, asName(previous_response_id));
  define(attributes, ATTR.GEN_AI_REQUEST_MAX_TOKENS, asCount(max_output_tokens));
  define(attributes, ATTR.GEN_AI_REQUEST_TEMPERATURE, asNumber(temperature));
  define(attributes, ATTR.GEN_AI_REQUEST_TOP_P, asNumber(top_p));
  define(attributes, ATTR.GEN_AI_REQUEST_REASONING_LEVEL, asWord(fieldsOf(asObject(reasoning)).effort));
  define(attributes, ATTR.GEN_AI_OUTPUT_TYPE, outputTypeOf(fieldsOf(text).format));
  return attributes;
}

function isCompaction(item: unknown): boolean {
  return field(item, 'type') === 'compaction';
}

/** Of a variable that is a message part, only the text is recorded. */
function promptVariables(body: unknown): Attributes {
  const attributes: Attributes = {};
  const variables = Object.entries(objectField(objectField(body, 'prompt'), 'variables') ?? {});
  for (const [key, value] of first(variables)) {
    const text = typeof value === 'string' ? value : textField(value, 'text');
    define(attributes, ATTR.GEN_AI_PROMPT_VARIABLE(key), text);
  }
  return attributes;
}

/**
 * What is billed for a response in addition to its tokens. The API counts billed web searches in `tool_usage`, which
 * some servers leave out. Each file search is an output item. Images have the price of another model.
 */
function readResponseFees(response: unknown): Fees {
  const toolUsage = objectField(response, 'tool_usage');
  const webSearches = countField(objectField(toolUsage, 'web_search'), 'num_requests');
  let hasOthers = (countField(objectField(toolUsage, 'image_gen'), 'total_tokens') ?? 0) > 0;
  let hasUncountedSearches = false;
  let fileSearches = 0;
  for (const item of arrayField(response, 'output')) {
    const type = field(item, 'type');
    const status = field(item, 'status');
    if (type === 'file_search_call' && status === 'completed') fileSearches++;
    // The API often gives a finished image the status `generating`.
    else if (type === 'image_generation_call' && status !== 'failed') hasOthers = true;
    else if (type === 'web_search_call' && status !== 'failed' && webSearches === undefined)
      hasUncountedSearches = true;
  }
  return { webSearches, fileSearches, hasUncountedSearches, hasOthers };
}
