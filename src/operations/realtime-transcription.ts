import * as ATTR from '../semconv/attributes.ts';
import { OPENAI_API_TYPE_VALUE_REALTIME } from '../semconv/values.ts';
import { usageIn } from '../telemetry/cost/usage.ts';
import type { Operation } from '../telemetry/operation.ts';
import { readError } from '../telemetry/outcomes/failure.ts';
import { field, textField } from '../util/payload.ts';
import { defined, modelOf } from './attributes.ts';
import { billedSeconds } from './model-requests.ts';

/**
 * What the user has said, as a realtime session transcribes it. It has a model and a price of its own.
 *
 * @see https://platform.openai.com/docs/api-reference/realtime-server-events/conversation
 */
export const realtimeTranscription: Operation = {
  endpoints: [],
  spanName: () => 'transcription',
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
    return error === undefined ? undefined : readError(error, 'failed');
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
