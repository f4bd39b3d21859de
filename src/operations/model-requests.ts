import type { Attributes } from '@opentelemetry/api';
import type { Message, MessagePart } from '../config/completion-types.ts';
import * as ATTR from '../semconv/attributes.ts';
import { limitedJson } from '../telemetry/content/content-writer.ts';
import {
  KeptText,
  keptNumbers,
  keptValue,
  mediaRoom,
  type TextLimits,
} from '../telemetry/content/kept-content.ts';
import { partsOf, textPart, unknownPart } from '../telemetry/content/messages.ts';
import { usageIn } from '../telemetry/cost/usage.ts';
import type { Accumulator, Operation } from '../telemetry/operation.ts';
import { arrayField, countField, field, MAX_REPEATED, stringField, textField } from '../util/payload.ts';
import { answeringModel, defined, modelOf } from './attributes.ts';
import { readAnswerFailure, readResourceFailure } from './failures.ts';
import { request } from './request.ts';
import {
  readInstructions,
  readItemParts,
  readMessageContent,
  readResponseInput,
} from './response/content.ts';

/*
 * Model calls that are no chat. Their spans have the attributes of a model call and of its request. `genai.yaml` in the
 * registry says where the name of each operation comes from.
 */

export const modelRequest: Omit<Operation, 'endpoints'> = {
  requestAttributes: (apiRequest) =>
    defined({
      ...request.requestAttributes(apiRequest),
      [ATTR.GEN_AI_REQUEST_MODEL]: modelOf(apiRequest),
    }),
  resultAttributes: answeringModel,
  usage: usageIn,
  failure: readAnswerFailure,
  accumulate: (content) => new ResultAccumulator(content),
};

/** Keeps the results of a stream and its usage. Partial images are not counted. */
class ResultAccumulator implements Accumulator {
  readonly #limits: TextLimits | undefined;
  readonly #text = new KeptText();
  readonly #images: unknown[] = [];
  readonly #media = mediaRoom();
  #results = 0;
  #usage: unknown;
  hasEnd = false;
  hasToken = false;

  constructor(limits: TextLimits | undefined) {
    this.#limits = limits;
  }

  add(event: unknown): undefined {
    const type = stringField(event, 'type');
    if (type?.endsWith('.delta')) this.hasToken = true;
    // A stream ends with a result. These events are only pieces of one.
    this.hasEnd = type === undefined || !/\.(?:delta|segment|partial_image)$/.test(type);
    this.#usage = keptNumbers(field(event, 'usage')) ?? this.#usage;
    if (this.#limits !== undefined) this.#keep(event, type, this.#limits);
    if (type?.endsWith('.completed')) this.#results++;
  }

  #keep(event: unknown, type: string | undefined, { text, span }: TextLimits): void {
    const room = { maxText: text, left: span - this.#text.text.length };
    if (type === 'transcript.text.delta') this.#text.add(textField(event, 'delta') ?? '', room);
    if (type === 'transcript.text.done' && this.#text.length === 0)
      this.#text.add(textField(event, 'text') ?? '', room);
    if (!type?.endsWith('.completed') || this.#results >= MAX_REPEATED) return;
    const image = { data: field(event, 'b64_json'), output_format: field(event, 'output_format') };
    this.#images.push(keptValue(image, room, this.#media));
  }

  result(): unknown {
    const { text, length, isCut } = this.#text;
    return {
      data: Array.from({ length: this.#results }, (_, index) => this.#images[index]),
      ...(length > 0 ? { text, original_length: isCut ? length : undefined } : {}),
      usage: this.#usage,
    };
  }
}

export function requestsOutput(type: string): Operation['requestAttributes'] {
  return (apiRequest) => ({
    ...modelRequest.requestAttributes(apiRequest),
    [ATTR.GEN_AI_OUTPUT_TYPE]: type,
  });
}

/** What the model gave, as one message. */
export function answerOf(parts: readonly MessagePart[], finishReason: string = 'stop'): Message[] {
  return parts.length > 0 ? [{ role: 'assistant', parts, finish_reason: finishReason }] : [];
}

const MAX_JSON_LENGTH = 1_048_576;

/** What the conventions have no part for, such as a typed answer, as the text of its JSON. */
function jsonPart(value: unknown): MessagePart[] {
  const json = limitedJson(value, MAX_JSON_LENGTH, { maxText: MAX_JSON_LENGTH });
  return json === undefined ? unknownPart() : [textPart('text', json, undefined)];
}

/** @see https://platform.openai.com/docs/api-reference/decisions/create */
export const decision: Operation = {
  ...modelRequest,
  endpoints: ['POST /decisions'],
  name: 'decide',
  content: {
    input: ({ body }) => ({
      systemInstructions: partsOf(arrayField(body, 'questions'), jsonPart),
      inputMessages: readResponseInput(field(body, 'input')),
    }),
    output: (result) => ({ outputMessages: answerOf(partsOf(arrayField(result, 'answers'), jsonPart)) }),
  },
};

/**
 * The output repeats messages of the input beside the item that stands for the others, which is encrypted.
 *
 * @see https://platform.openai.com/docs/api-reference/responses/compact
 */
export const compaction: Operation = {
  ...modelRequest,
  endpoints: ['POST /responses/compact'],
  name: 'compaction',
  requestAttributes: (apiRequest) =>
    defined({
      ...modelRequest.requestAttributes(apiRequest),
      [ATTR.OPENAI_API_TYPE]: 'responses',
      [ATTR.GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID]: stringField(apiRequest.body, 'previous_response_id'),
    }),
  resultAttributes: (result) => defined({ [ATTR.GEN_AI_RESPONSE_ID]: stringField(result, 'id') }),
  content: {
    input: ({ body }) => ({
      systemInstructions: readInstructions(field(body, 'instructions')),
      inputMessages: readResponseInput(field(body, 'input')),
    }),
    output(result) {
      const items = arrayField(result, 'output').filter((item) => field(item, 'type') === 'compaction');
      return {
        outputMessages: answerOf(
          partsOf(items, (item) => readItemParts(item)),
          'compaction',
        ),
      };
    },
  },
};

/** @see https://platform.openai.com/docs/api-reference/moderations/create */
export const moderation: Operation = {
  ...modelRequest,
  endpoints: ['POST /moderations'],
  name: 'moderation',
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
  content: {
    input({ body }) {
      const parts = readMessageContent(field(body, 'input'), Number.POSITIVE_INFINITY);
      return { inputMessages: parts.length > 0 ? [{ role: 'user', parts }] : [] };
    },
    output: (result) => ({ outputMessages: answerOf(partsOf(arrayField(result, 'results'), jsonPart)) }),
  },
};

/**
 * The span ends with the answer, when the job has been queued. So it is no model call, and has no operation.
 *
 * @see https://platform.openai.com/docs/api-reference/videos
 */
export const video: Operation = {
  ...modelRequest,
  endpoints: [
    'POST /videos',
    'POST /videos/edits',
    'POST /videos/extensions',
    'POST /videos/{video_id}/remix',
  ],
  subject: ({ route }) => route.endpoint,
  resultAttributes(result, route) {
    const id = route?.parameters.length === 0 ? stringField(result, 'id') : undefined;
    const attributes = { ...request.resultAttributes(result, route), ...answeringModel(result) };
    return id === undefined ? attributes : { ...attributes, [ATTR.OPENAI_VIDEO_ID]: id };
  },
  failure: readResourceFailure,
};

/** The statuses in which a batch spends nothing more. In all of them, the completed requests are billed. */
const FINISHED: readonly (string | undefined)[] = ['completed', 'failed', 'expired', 'cancelled'];

/**
 * What a finished batch spent. The batch may be retrieved many times, so its tokens are recorded as totals and are not
 * added to a metric.
 *
 * @see https://platform.openai.com/docs/api-reference/batch/retrieve
 */
export const batch: Operation = {
  ...request,
  endpoints: ['GET /batches/{batch_id}'],
  resultAttributes: (result, route) => ({
    ...request.resultAttributes(result, route),
    ...answeringModel(result),
  }),
  spentElsewhere(result) {
    const usage = FINISHED.includes(stringField(result, 'status')) ? usageIn(result) : undefined;
    const calls = countField(field(result, 'request_counts'), 'completed') || 1;
    return usage === undefined ? undefined : { usage, serviceTier: 'batch', calls };
  },
};
