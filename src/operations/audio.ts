import * as ATTR from '../semconv/attributes.ts';
import { textPart } from '../telemetry/content/messages.ts';
import type { Operation } from '../telemetry/operation.ts';
import { asAmount, asText, countField, field, textField } from '../util/payload.ts';
import { defined, formText } from './attributes.ts';
import { answerOf, modelRequest, requestsOutput } from './model-requests.ts';
import { readInstructions, readResponseInput } from './response/content.ts';

/**
 * The SDK passes the audio to the program unread, so nothing of it is recorded.
 *
 * @see https://platform.openai.com/docs/api-reference/audio/createSpeech
 */
export const speech: Operation = {
  ...modelRequest,
  endpoints: ['POST /audio/speech'],
  name: 'text_to_speech',
  requestAttributes: requestsOutput('speech'),
  content: {
    input: ({ body }) => ({
      systemInstructions: readInstructions(field(body, 'instructions')),
      inputMessages: readResponseInput(field(body, 'input')),
    }),
  },
};

/**
 * Models bill either tokens or the duration of the recording. The recording itself is not recorded.
 *
 * @see https://platform.openai.com/docs/api-reference/audio/createTranscription
 */
export const transcription: Operation = {
  ...modelRequest,
  endpoints: ['POST /audio/transcriptions', 'POST /audio/translations'],
  name: 'speech_to_text',
  requestAttributes: requestsOutput('text'),
  resultAttributes: (result) =>
    defined({ [ATTR.OPENAI_AUDIO_DURATION]: billedSeconds(result) ?? asAmount(field(result, 'duration')) }),
  fees: (result) => ({ audioSeconds: billedSeconds(result) }),
  content: {
    input: ({ body }) => ({ inputMessages: readResponseInput(formText(body, 'prompt')) }),
    output(result) {
      // With the formats `text`, `srt` and `vtt`, the result is a text.
      const text = asText(result) ?? textField(result, 'text');
      const parts = text === undefined ? [] : [textPart('text', text, countField(result, 'original_length'))];
      return { outputMessages: answerOf(parts) };
    },
  },
};

/** OpenAI reports `seconds`, Mistral reports `prompt_audio_seconds`. */
export function billedSeconds(result: unknown): number | undefined {
  const usage = field(result, 'usage');
  return asAmount(field(usage, 'seconds')) ?? asAmount(field(usage, 'prompt_audio_seconds'));
}
