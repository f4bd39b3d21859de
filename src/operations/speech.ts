import type { Attributes } from '@opentelemetry/api';
import { ATTR_GEN_AI_OUTPUT_TYPE, ATTR_GEN_AI_REQUEST_MODEL } from '../semconv/attributes.ts';
import type { Operation } from '../telemetry/operation.ts';
import { define } from './attributes.ts';
import { request } from './request.ts';
import { modelOf } from './subject.ts';

/**
 * `POST /audio/speech`: converts text to speech. The SDK passes the audio to the program unread, so nothing of it is
 * recorded.
 *
 * @see https://platform.openai.com/docs/api-reference/audio/createSpeech
 */
export const speech: Operation = {
  endpoints: ['POST /audio/speech'],
  traits: { runsModel: true },
  spanName: request.spanName,
  requestAttributes(apiRequest): Attributes {
    const attributes = { ...request.requestAttributes(apiRequest), [ATTR_GEN_AI_OUTPUT_TYPE]: 'speech' };
    define(attributes, ATTR_GEN_AI_REQUEST_MODEL, modelOf(apiRequest));
    return attributes;
  },
  resultAttributes: () => ({}),
};
