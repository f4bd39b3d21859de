import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import { NO_MODALITIES, readUsage, type Usage } from '../telemetry/cost/usage.ts';
import { keptNumbers } from '../telemetry/kept-values.ts';
import type { Accumulator, Operation } from '../telemetry/operation.ts';
import { countField, field, objectField, stringField } from '../util/payload.ts';
import { readAnswerFailure } from './answer-failure.ts';
import { define } from './attributes.ts';
import { modelRequest } from './request.ts';
import { bodyText } from './subject.ts';

/**
 * `POST /images/generations`, `/images/edits` and `/images/variations`. The conventions define no operation for
 * images, so the span has the name of the request, with the same attributes for the model.
 *
 * @see https://platform.openai.com/docs/api-reference/images
 */
export const image: Operation = {
  ...modelRequest,
  endpoints: ['POST /images/edits', 'POST /images/generations', 'POST /images/variations'],
  traits: { inference: 'image', runsModel: true },
  requestAttributes(apiRequest): Attributes {
    const { body } = apiRequest;
    const count = countField(body, 'n') ?? formCount(bodyText(body, 'n'));
    const attributes = { ...modelRequest.requestAttributes(apiRequest), [ATTR.GEN_AI_OUTPUT_TYPE]: 'image' };
    define(attributes, ATTR.GEN_AI_REQUEST_CHOICE_COUNT, count === 1 ? undefined : count);
    return attributes;
  },
  resultAttributes(result): Attributes {
    const images = countField(result, IMAGES) ?? arrayLength(field(result, 'data'));
    return images === undefined ? {} : { [ATTR.OPENAI_IMAGE_COUNT]: images };
  },
  usage: readImageUsage,
  // The model that draws an SVG has a price of its own.
  fees: (result) => ({ hasOthers: objectField(result, 'svg_usage') !== undefined }),
  failure: readAnswerFailure,
  accumulate: () => new ImageAccumulator(),
};

/** Without details, all of the output are tokens of images. */
function readImageUsage(result: unknown): Usage | undefined {
  const reported = field(result, 'usage');
  const usage = readUsage(reported);
  if (usage === undefined || objectField(reported, 'output_tokens_details') !== undefined) return usage;
  return {
    ...usage,
    modalities: { ...(usage.modalities ?? NO_MODALITIES), imageOutputTokens: usage.outputTokens },
  };
}

/** What a stream counted, which keeps no image. */
const IMAGES = 'image_count';

function arrayLength(value: unknown): number | undefined {
  return Array.isArray(value) ? value.length : undefined;
}

/** In a form, every value is text. */
function formCount(text: string | undefined): number | undefined {
  const count = Number(text);
  return Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}

/** Counts the images of a stream. Each final image carries its usage; partial images do not count. */
class ImageAccumulator implements Accumulator {
  #images = 0;
  #usage: unknown;

  add(event: unknown): undefined {
    if (stringField(event, 'type')?.endsWith('.completed') !== true) return;
    this.#images++;
    this.#usage = keptNumbers(field(event, 'usage')) ?? this.#usage;
  }

  result(): unknown {
    return { [IMAGES]: this.#images, usage: this.#usage };
  }
}
