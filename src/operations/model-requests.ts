import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import { keptNumbers } from '../telemetry/content/kept-content.ts';
import { NO_MODALITIES, readUsage, type Usage, usageIn } from '../telemetry/cost/usage.ts';
import type { Accumulator, Operation } from '../telemetry/operation.ts';
import { asAmount, asCount, countField, field, objectField, stringField } from '../util/payload.ts';
import { answeringModel, bodyText, defined, modelOf } from './attributes.ts';
import { readAnswerFailure, readResourceFailure } from './failures.ts';
import { request } from './request.ts';

/*
 * Requests that run a model, but for which the conventions define no operation. Their spans have the name of the
 * request and the attributes of a model call.
 */

const modelRequest: Omit<Operation, 'endpoints'> = {
  subject: ({ route }) => route.endpoint,
  requestAttributes: (apiRequest) =>
    defined({
      ...request.requestAttributes(apiRequest),
      [ATTR.GEN_AI_REQUEST_MODEL]: modelOf(apiRequest),
    }),
  resultAttributes: answeringModel,
  usage: usageIn,
  failure: readAnswerFailure,
  accumulate: () => new UsageAccumulator(),
};

/** Keeps the usage that a stream reports, and counts its results. Partial images are not counted. */
class UsageAccumulator implements Accumulator {
  #results = 0;
  #usage: unknown;
  hasEnd = false;
  hasToken = false;

  add(event: unknown): undefined {
    const type = stringField(event, 'type');
    if (type?.endsWith('.completed')) this.#results++;
    if (type?.endsWith('.delta')) this.hasToken = true;
    // A stream ends with a result. These events are only pieces of one.
    this.hasEnd = type === undefined || !/\.(?:delta|segment|partial_image)$/.test(type);
    this.#usage = keptNumbers(field(event, 'usage')) ?? this.#usage;
  }

  result(): unknown {
    return { data: Array.from({ length: this.#results }), usage: this.#usage };
  }
}

function requestsOutput(type: string): Operation['requestAttributes'] {
  return (apiRequest) => ({
    ...modelRequest.requestAttributes(apiRequest),
    [ATTR.GEN_AI_OUTPUT_TYPE]: type,
  });
}

/** @see https://platform.openai.com/docs/api-reference/decisions/create */
export const decision: Operation = { ...modelRequest, endpoints: ['POST /decisions'] };

/** @see https://platform.openai.com/docs/api-reference/responses/compact */
export const compaction: Operation = {
  ...modelRequest,
  endpoints: ['POST /responses/compact'],
  traits: { tokensOf: 'chat' },
  requestAttributes: (apiRequest) =>
    defined({
      ...modelRequest.requestAttributes(apiRequest),
      [ATTR.OPENAI_API_TYPE]: 'responses',
      [ATTR.GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID]: stringField(apiRequest.body, 'previous_response_id'),
    }),
  resultAttributes: (result) => defined({ [ATTR.GEN_AI_RESPONSE_ID]: stringField(result, 'id') }),
};

/** @see https://platform.openai.com/docs/api-reference/moderations/create */
export const moderation: Operation = {
  ...modelRequest,
  endpoints: ['POST /moderations'],
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
};

/**
 * The SDK passes the audio to the program unread, so nothing of it is recorded.
 *
 * @see https://platform.openai.com/docs/api-reference/audio/createSpeech
 */
export const speech: Operation = {
  ...modelRequest,
  endpoints: ['POST /audio/speech'],
  requestAttributes: requestsOutput('speech'),
};

/**
 * Models bill either tokens or the duration of the recording.
 *
 * @see https://platform.openai.com/docs/api-reference/audio/createTranscription
 */
export const transcription: Operation = {
  ...modelRequest,
  endpoints: ['POST /audio/transcriptions', 'POST /audio/translations'],
  requestAttributes: requestsOutput('text'),
  resultAttributes: (result) =>
    defined({ [ATTR.OPENAI_AUDIO_DURATION]: billedSeconds(result) ?? asAmount(field(result, 'duration')) }),
  fees: (result) => ({ audioSeconds: billedSeconds(result) }),
};

/** OpenAI reports `seconds`, Mistral reports `prompt_audio_seconds`. */
export function billedSeconds(result: unknown): number | undefined {
  const usage = field(result, 'usage');
  return asAmount(field(usage, 'seconds')) ?? asAmount(field(usage, 'prompt_audio_seconds'));
}

/** @see https://platform.openai.com/docs/api-reference/images */
export const image: Operation = {
  ...modelRequest,
  endpoints: ['POST /images/edits', 'POST /images/generations', 'POST /images/variations'],
  traits: { inference: 'image' },
  requestAttributes(apiRequest) {
    const { body } = apiRequest;
    const count = countField(body, 'n') ?? asCount(Number(bodyText(body, 'n')));
    return defined({
      ...requestsOutput('image')(apiRequest),
      [ATTR.GEN_AI_REQUEST_CHOICE_COUNT]: count === 1 ? undefined : count,
    });
  },
  resultAttributes(result) {
    const data = field(result, 'data');
    return Array.isArray(data) ? { [ATTR.OPENAI_IMAGE_COUNT]: data.length } : {};
  },
  usage: readImageUsage,
  // Another model with another price draws an SVG.
  fees: (result) => ({ hasOthers: objectField(result, 'svg_usage') !== undefined }),
};

/** If the output tokens have no details, all of them are image tokens. */
function readImageUsage(result: unknown): Usage | undefined {
  const reported = field(result, 'usage');
  const usage = readUsage(reported);
  if (usage === undefined || objectField(reported, 'output_tokens_details') !== undefined) return usage;
  const { audio, image } = usage.modalities ?? NO_MODALITIES;
  return { ...usage, modalities: { audio, image: { ...image, output: usage.outputTokens } } };
}

/**
 * The span ends with the answer, when the job has been queued.
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
    const calls = countField(objectField(result, 'request_counts'), 'completed') || 1;
    return usage === undefined ? undefined : { usage, serviceTier: 'batch', calls };
  },
};
