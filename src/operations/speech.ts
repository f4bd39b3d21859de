import * as ATTR from '../semconv/attributes.ts';
import type { Operation } from '../telemetry/operation.ts';
import { modelRequest } from './request.ts';

/**
 * `POST /audio/speech`: converts text to speech. The SDK passes the audio to the program unread, so nothing of it is
 * recorded.
 *
 * @see https://platform.openai.com/docs/api-reference/audio/createSpeech
 */
export const speech: Operation = {
  ...modelRequest,
  endpoints: ['POST /audio/speech'],
  requestAttributes: (apiRequest) => ({
    ...modelRequest.requestAttributes(apiRequest),
    [ATTR.GEN_AI_OUTPUT_TYPE]: 'speech',
  }),
  resultAttributes: () => ({}),
};
