import * as ATTR from '../semconv/attributes.ts';
import { NO_MODALITIES, readUsage, type Usage } from '../telemetry/cost/usage.ts';
import type { Operation } from '../telemetry/operation.ts';
import { asCount, countField, field, objectField } from '../util/payload.ts';
import { bodyText, defined } from './attributes.ts';
import { readAnswerFailure } from './failures.ts';
import { modelRequest } from './request.ts';

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
  requestAttributes(apiRequest) {
    const { body } = apiRequest;
    const count = countField(body, 'n') ?? asCount(Number(bodyText(body, 'n')));
    return defined({
      ...modelRequest.requestAttributes(apiRequest),
      [ATTR.GEN_AI_OUTPUT_TYPE]: 'image',
      [ATTR.GEN_AI_REQUEST_CHOICE_COUNT]: count === 1 ? undefined : count,
    });
  },
  resultAttributes(result) {
    const data = field(result, 'data');
    return Array.isArray(data) ? { [ATTR.OPENAI_IMAGE_COUNT]: data.length } : {};
  },
  usage: readImageUsage,
  // The model that draws an SVG has a price of its own.
  fees: (result) => ({ hasOthers: objectField(result, 'svg_usage') !== undefined }),
  failure: readAnswerFailure,
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
