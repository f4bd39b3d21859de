import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import { OPENAI_API_TYPE_VALUE_REALTIME } from '../semconv/values.ts';
import { usageIn } from '../telemetry/cost/usage.ts';
import type { ApiRequest, Operation } from '../telemetry/operation.ts';
import { readReported } from '../telemetry/outcomes/failure.ts';
import {
  arrayField,
  asArray,
  asCount,
  asWord,
  field,
  fieldsOf,
  objectField,
  textField,
  tolerating,
} from '../util/payload.ts';
import { define, defined, modelCall, modelOf } from './attributes.ts';
import { billedSeconds } from './audio.ts';
import { responseAttributes } from './response/outcome.ts';
import { response } from './response.ts';

/**
 * A response in a realtime session, as {@link asResponse} returns it. It has no endpoint, because no HTTP
 * request creates it, and is read like any other response.
 *
 * @see https://platform.openai.com/docs/api-reference/realtime-server-events/response
 */
export const realtimeResponse: Operation = {
  ...response,
  endpoints: [],
  traits: {},
  requestAttributes: modelCall,
  parameterAttributes: tolerating(realtimeParameterAttributes),
  resultAttributes(result): Attributes {
    const attributes = responseAttributes(result);
    if (field(result, 'status') === 'cancelled') {
      const reason = asWord(field(objectField(result, 'incomplete_details'), 'reason'));
      define(attributes, ATTR.OPENAI_REALTIME_CANCEL_REASON, reason);
    }
    return attributes;
  },
};

function realtimeParameterAttributes({ body }: ApiRequest): Attributes {
  const { max_output_tokens, max_response_output_tokens, output_modalities, modalities } = fieldsOf(body);
  const attributes: Attributes = {
    [ATTR.OPENAI_API_TYPE]: OPENAI_API_TYPE_VALUE_REALTIME,
    [ATTR.GEN_AI_REQUEST_STREAM]: true,
  };
  const wanted = asArray(output_modalities ?? modalities);
  const most = max_output_tokens ?? max_response_output_tokens;
  define(attributes, ATTR.GEN_AI_REQUEST_MAX_TOKENS, asCount(most));
  if (wanted.length > 0) attributes[ATTR.GEN_AI_OUTPUT_TYPE] = wanted.includes('audio') ? 'speech' : 'text';
  return attributes;
}

/** In a session, `status_details` says how a response ended, and only the session names the model. */
export function asResponse(response: unknown, model: string | undefined): object {
  const { id, object, status, usage, output } = fieldsOf(response);
  const details = objectField(response, 'status_details');
  return {
    id,
    object,
    status,
    usage,
    output: Array.isArray(output) ? arrayField(response, 'output') : undefined,
    model,
    incomplete_details: details,
    error: field(details, 'error'),
  };
}

/**
 * A model with a price of its own writes the transcript of the user's speech.
 *
 * @see https://platform.openai.com/docs/api-reference/realtime-server-events/conversation
 */
export const realtimeTranscription: Operation = {
  endpoints: [],
  name: 'speech_to_text',
  requestAttributes: (request) =>
    defined({
      [ATTR.OPENAI_API_TYPE]: OPENAI_API_TYPE_VALUE_REALTIME,
      [ATTR.GEN_AI_REQUEST_MODEL]: modelOf(request),
    }),
  resultAttributes: (result) => defined({ [ATTR.OPENAI_AUDIO_DURATION]: billedSeconds(result) }),
  usage: usageIn,
  fees: (result) => ({ audioSeconds: billedSeconds(result) }),
  failure(result) {
    const error = field(result, 'error');
    return error === undefined ? undefined : readReported(error, 'failed');
  },
  content: {
    output(result) {
      const content = textField(result, 'transcript');
      if (content === undefined) return {};
      return {
        outputMessages: [{ role: 'user', parts: [{ type: 'text', content }], finish_reason: 'stop' }],
      };
    },
  },
};
