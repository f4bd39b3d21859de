import type { Attributes } from '@opentelemetry/api';
import type { Message } from '../config/completion-types.ts';
import * as ATTR from '../semconv/attributes.ts';
import { answerFinishReason, textPart } from '../telemetry/content/messages.ts';
import { usageIn } from '../telemetry/cost/usage.ts';
import type { ApiRequest, Operation } from '../telemetry/operation.ts';
import {
  arrayField,
  asInteger,
  countField,
  field,
  first,
  numberField,
  stringField,
  strings,
  textField,
} from '../util/payload.ts';
import { readAnswerFailure } from './answer-failure.ts';
import { define, optional } from './attributes.ts';
import { modelCall, modelOf, nameWith } from './subject.ts';
import { TextCompletionAccumulator } from './text-completion/accumulator.ts';

/**
 * `POST /completions`: the legacy API, which continues a prompt.
 *
 * @see https://platform.openai.com/docs/api-reference/completions/create
 */
export const textCompletion: Operation = {
  endpoints: ['POST /completions'],
  traits: { inference: 'text_completion', reportsUsageOnRequest: true, failsWithoutReason: true },
  name: 'text_completion',
  spanName: (request) => nameWith('text_completion', modelOf(request)),
  requestAttributes: (request) => modelCall('text_completion', request),
  parameterAttributes: completionParameterAttributes,
  resultAttributes: completionResultAttributes,
  usage: usageIn,
  failure: readAnswerFailure,
  accumulate: (content) => new TextCompletionAccumulator(content),
  content: {
    requestAttributes: ({ body }) => completionStopSequences(body),
    inputMessages: ({ body }) => readPrompts(field(body, 'prompt')),
    outputMessages: readCompletionMessages,
  },
};

function completionParameterAttributes({ body, streamed }: ApiRequest): Attributes {
  const choiceCount = countField(body, 'n');
  const attributes: Attributes = {};
  define(attributes, ATTR.GEN_AI_REQUEST_STREAM, optional(streamed));
  define(attributes, ATTR.GEN_AI_REQUEST_CHOICE_COUNT, choiceCount === 1 ? undefined : choiceCount);
  define(attributes, ATTR.GEN_AI_REQUEST_SEED, asInteger(field(body, 'seed')));
  define(attributes, ATTR.GEN_AI_REQUEST_TEMPERATURE, numberField(body, 'temperature'));
  define(attributes, ATTR.GEN_AI_REQUEST_TOP_P, numberField(body, 'top_p'));
  // Many compatible servers take it.
  define(attributes, ATTR.GEN_AI_REQUEST_TOP_K, asInteger(field(body, 'top_k')));
  define(attributes, ATTR.GEN_AI_REQUEST_MAX_TOKENS, countField(body, 'max_tokens'));
  define(attributes, ATTR.GEN_AI_REQUEST_FREQUENCY_PENALTY, numberField(body, 'frequency_penalty'));
  define(attributes, ATTR.GEN_AI_REQUEST_PRESENCE_PENALTY, numberField(body, 'presence_penalty'));
  return attributes;
}

/** The stop sequences, which are content. */
function completionStopSequences(body: unknown): Attributes {
  const stop = textField(body, 'stop');
  const sequences = stop === undefined ? strings(arrayField(body, 'stop')) : [stop];
  return sequences.length > 0 ? { [ATTR.GEN_AI_REQUEST_STOP_SEQUENCES]: sequences } : {};
}

function completionResultAttributes(result: unknown): Attributes {
  const reasons = first(arrayField(result, 'choices')).flatMap(
    (choice) => stringField(choice, 'finish_reason') ?? [],
  );
  const attributes: Attributes = {};
  define(attributes, ATTR.GEN_AI_RESPONSE_ID, stringField(result, 'id'));
  define(attributes, ATTR.GEN_AI_RESPONSE_MODEL, stringField(result, 'model'));
  define(attributes, ATTR.GEN_AI_RESPONSE_FINISH_REASONS, reasons.length > 0 ? reasons : undefined);
  define(attributes, ATTR.OPENAI_RESPONSE_SYSTEM_FINGERPRINT, stringField(result, 'system_fingerprint'));
  return attributes;
}

/** One or several texts. Prompts given as tokens are skipped: they are not readable. */
function readPrompts(prompt: unknown): Message[] {
  const texts = typeof prompt === 'string' ? [prompt] : Array.isArray(prompt) ? strings(prompt) : [];
  return texts.map((content) => ({ role: 'user', parts: [{ type: 'text', content }] }));
}

function readCompletionMessages(result: unknown): Message[] {
  return first(arrayField(result, 'choices')).flatMap((choice) => {
    const content = field(choice, 'text');
    if (typeof content !== 'string') return [];
    return {
      role: 'assistant',
      parts: [textPart('text', content, countField(choice, 'original_length'))],
      finish_reason: answerFinishReason(stringField(choice, 'finish_reason'), result),
    };
  });
}
