import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import { usageIn } from '../telemetry/cost/usage.ts';
import { keptNumbers } from '../telemetry/kept-values.ts';
import type { Accumulator, Operation } from '../telemetry/operation.ts';
import { asAmount, field } from '../util/payload.ts';
import { readAnswerFailure } from './answer-failure.ts';
import { define } from './attributes.ts';
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
  resultAttributes(result): Attributes {
    const attributes: Attributes = {};
    define(
      attributes,
      ATTR.OPENAI_AUDIO_DURATION,
      billedSeconds(result) ?? asAmount(field(result, 'duration')),
    );
    return attributes;
  },
  usage: usageIn,
  fees: (result) => ({ audioSeconds: billedSeconds(result) }),
  failure: readAnswerFailure,
  accumulate: () => new TranscriptionAccumulator(),
};

/** The length of the audio that a transcript bills, by OpenAI or by Mistral. */
export function billedSeconds(result: unknown): number | undefined {
  const usage = field(result, 'usage');
  return asAmount(field(usage, 'seconds')) ?? asAmount(field(usage, 'prompt_audio_seconds'));
}

/** Keeps the last event of a transcript (`transcript.text.done`), the only one with more than text. */
class TranscriptionAccumulator implements Accumulator {
  #usage: unknown;

  add(event: unknown): undefined {
    const usage = field(event, 'usage');
    if (usage !== undefined) this.#usage = keptNumbers(usage) ?? this.#usage;
  }

  result(): unknown {
    return { usage: this.#usage };
  }
}
