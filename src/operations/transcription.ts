import * as ATTR from '../semconv/attributes.ts';
import { usageIn } from '../telemetry/cost/usage.ts';
import type { Operation } from '../telemetry/operation.ts';
import { asAmount, field } from '../util/payload.ts';
import { defined } from './attributes.ts';
import { readAnswerFailure } from './failures.ts';
import { modelRequest } from './request.ts';

/**
 * `POST /audio/transcriptions` and `/audio/translations`: converts speech to text. Models bill either tokens
 * or the duration of the recording.
 *
 * @see https://platform.openai.com/docs/api-reference/audio/createTranscription
 */
export const transcription: Operation = {
  ...modelRequest,
  endpoints: ['POST /audio/transcriptions', 'POST /audio/translations'],
  requestAttributes: (apiRequest) => ({
    ...modelRequest.requestAttributes(apiRequest),
    [ATTR.GEN_AI_OUTPUT_TYPE]: 'text',
  }),
  resultAttributes: (result) =>
    defined({ [ATTR.OPENAI_AUDIO_DURATION]: billedSeconds(result) ?? asAmount(field(result, 'duration')) }),
  usage: usageIn,
  fees: (result) => ({ audioSeconds: billedSeconds(result) }),
  failure: readAnswerFailure,
};

/** The length of the audio that a transcript bills, by OpenAI or by Mistral. */
export function billedSeconds(result: unknown): number | undefined {
  const usage = field(result, 'usage');
  return asAmount(field(usage, 'seconds')) ?? asAmount(field(usage, 'prompt_audio_seconds'));
}
