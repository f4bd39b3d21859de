import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import { type Usage, usageIn } from '../telemetry/cost/usage.ts';
import type { ApiRequest, Operation } from '../telemetry/operation.ts';
import { addBlockedCategories } from '../telemetry/outcomes/content-filter.ts';
import {
  asArray,
  asCount,
  asInteger,
  asName,
  asNumber,
  asText,
  asWord,
  field,
  fieldsOf,
  MAX_READ,
  MAX_REPEATED,
  strings,
  tolerating,
} from '../util/payload.ts';
import { define, modelCall, outputTypeOf } from './attributes.ts';
import { ChatAccumulator } from './chat/accumulator.ts';
import { readInputMessages, readOutputMessages } from './chat/messages.ts';
import { readAnswerFailure } from './failures.ts';
import { readRequestedToolCalls } from './tool-calls.ts';
import { readToolDefinitions } from './tool-definitions.ts';

/** @see https://platform.openai.com/docs/api-reference/chat/create */
export const chat: Operation = {
  endpoints: ['POST /chat/completions'],
  traits: { inference: 'chat', reportsUsageOnRequest: true },
  name: 'chat',
  requestAttributes: modelCall,
  parameterAttributes: tolerating(chatParameterAttributes),
  resultAttributes: tolerating(chatResultAttributes),
  usage(result) {
    const usage = usageIn(result);
    return usage?.unlisted === undefined ? usage : withThoughts(usage, usage.unlisted, result);
  },
  fees: (result) => ({ hasUncountedSearches: hasSearched(field(result, 'usage')) }),
  failure: readAnswerFailure,
  toolCalls: (result) => readRequestedToolCalls(result),
  accumulate: (content) => new ChatAccumulator(content),
  content: {
    input: (request) => ({
      parameters: stopSequences(request),
      inputMessages: readInputMessages(field(request.body, 'messages')),
      toolDefinitions: readToolDefinitions(request.body),
    }),
    output: (result) => ({ outputMessages: readOutputMessages(result) }),
  },
};

/** Shared by chat and legacy completions. Throws if a getter of the request throws. */
export function samplingAttributes({ body, streamed }: ApiRequest): Attributes {
  const { n, seed, temperature, top_p, max_completion_tokens, max_tokens } = fieldsOf(body);
  const { frequency_penalty, presence_penalty, top_k } = fieldsOf(body);
  const choiceCount = asCount(n);
  const attributes: Attributes = {};
  define(attributes, ATTR.GEN_AI_REQUEST_STREAM, streamed || undefined);
  define(attributes, ATTR.GEN_AI_REQUEST_CHOICE_COUNT, choiceCount === 1 ? undefined : choiceCount);
  define(attributes, ATTR.GEN_AI_REQUEST_SEED, asInteger(seed));
  define(attributes, ATTR.GEN_AI_REQUEST_TEMPERATURE, asNumber(temperature));
  define(attributes, ATTR.GEN_AI_REQUEST_TOP_P, asNumber(top_p));
  // Not in OpenAI's API, but many compatible servers accept it.
  if (top_k !== undefined) define(attributes, ATTR.GEN_AI_REQUEST_TOP_K, asInteger(top_k));
  define(attributes, ATTR.GEN_AI_REQUEST_MAX_TOKENS, asCount(max_completion_tokens) ?? asCount(max_tokens));
  define(attributes, ATTR.GEN_AI_REQUEST_FREQUENCY_PENALTY, asNumber(frequency_penalty));
  define(attributes, ATTR.GEN_AI_REQUEST_PRESENCE_PENALTY, asNumber(presence_penalty));
  return attributes;
}

function chatParameterAttributes(request: ApiRequest): Attributes {
  const { reasoning_effort, modalities, response_format } = fieldsOf(request.body);
  const outputType = asArray(modalities).includes('audio') ? 'speech' : outputTypeOf(response_format);
  const attributes = samplingAttributes(request);
  attributes[ATTR.OPENAI_API_TYPE] = 'chat_completions';
  define(attributes, ATTR.GEN_AI_REQUEST_REASONING_LEVEL, asWord(reasoning_effort));
  define(attributes, ATTR.GEN_AI_OUTPUT_TYPE, outputType);
  return attributes;
}

/** Perplexity bills searches, and the citations that they find, by prices that depend on the model and the search. */
function hasSearched(usage: unknown): boolean {
  const { num_search_queries, citation_tokens, search_context_size } = fieldsOf(usage);
  return (num_search_queries || citation_tokens || search_context_size) !== undefined;
}

const GEMINI = /^(?:google\/|models\/)?gemini-/;

/** Gemini bills its thought tokens as output, but reports them only as part of the total. */
function withThoughts(usage: Usage, tokens: number, result: unknown): Usage {
  const isGemini = GEMINI.test(asName(field(result, 'model')) ?? '');
  // Gemini leaves out `completion_tokens` if all of them are thoughts.
  return isGemini && usage.known !== 'output'
    ? { ...usage, outputTokens: usage.outputTokens + tokens, known: undefined, isPartial: undefined }
    : usage;
}

/** Stop sequences count as content. */
export function stopSequences({ body }: ApiRequest): Attributes | undefined {
  const stop = field(body, 'stop');
  if (stop === undefined) return undefined;
  const sequences = typeof stop === 'string' ? [stop] : strings(asArray(stop));
  return sequences.length > 0 ? { [ATTR.GEN_AI_REQUEST_STOP_SEQUENCES]: sequences } : undefined;
}

function chatResultAttributes(result: unknown): Attributes {
  const { id, model, choices, service_tier, system_fingerprint } = fieldsOf(result);
  const attributes: Attributes = {};
  define(attributes, ATTR.GEN_AI_RESPONSE_ID, asName(id));
  define(attributes, ATTR.GEN_AI_RESPONSE_MODEL, asName(model));
  define(attributes, ATTR.OPENAI_RESPONSE_SERVICE_TIER, asWord(service_tier));
  define(attributes, ATTR.OPENAI_RESPONSE_SYSTEM_FINGERPRINT, asName(system_fingerprint));
  addChoices(attributes, asArray(choices));
  return attributes;
}

/** Also counts the tool calls without a span: all after the first {@link MAX_REPEATED}. */
function addChoices(attributes: Attributes, choices: readonly unknown[]): void {
  let reasons: string[] | undefined;
  let calls = 0;
  for (let index = 0; index < choices.length && index < MAX_READ; index++) {
    const { finish_reason, message, refused, content_filter_results: filters } = fieldsOf(choices[index]);
    const { tool_calls, refusal } = fieldsOf(message);
    calls += asArray(tool_calls).length;
    // Without content, our accumulator sets only `refused`.
    if (refused === true || asText(refusal) !== undefined) attributes[ATTR.OPENAI_RESPONSE_REFUSED] = true;
    if (filters !== undefined) addBlockedCategories(attributes, filters);
    const reason = index < MAX_REPEATED ? asWord(finish_reason) : undefined;
    if (reason === undefined) continue;
    if (reasons === undefined) reasons = [reason];
    else reasons.push(reason);
  }
  define(attributes, ATTR.GEN_AI_RESPONSE_FINISH_REASONS, reasons);
  if (calls > MAX_REPEATED) attributes[ATTR.OPENAI_SKIPPED_TOOL_CALLS] = calls - MAX_REPEATED;
}
