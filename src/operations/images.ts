import type { MessagePart } from '../config/completion-types.ts';
import * as ATTR from '../semconv/attributes.ts';
import { blobPart, urlPart } from '../telemetry/content/media.ts';
import { partsOf, textPart, unknownPart } from '../telemetry/content/messages.ts';
import { NO_MODALITIES, readUsage, type Usage } from '../telemetry/cost/usage.ts';
import type { Operation } from '../telemetry/operation.ts';
import { arrayField, asCount, countField, field, objectField, textField } from '../util/payload.ts';
import { defined, formText } from './attributes.ts';
import { answerOf, modelRequest, requestsOutput } from './model-requests.ts';
import { readResponseInput } from './response/content.ts';

/**
 * Images that the program uploads are not recorded.
 *
 * @see https://platform.openai.com/docs/api-reference/images
 */
export const image: Operation = {
  ...modelRequest,
  endpoints: ['POST /images/edits', 'POST /images/generations', 'POST /images/variations'],
  traits: { inference: 'image' },
  name: 'generate_content',
  requestAttributes(apiRequest) {
    const { body } = apiRequest;
    const count = countField(body, 'n') ?? asCount(Number(formText(body, 'n')));
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
  content: {
    input: ({ body }) => ({ inputMessages: readResponseInput(formText(body, 'prompt')) }),
    output(result) {
      const parts = partsOf(arrayField(result, 'data'), (each) => readImage(each, result));
      return { outputMessages: answerOf(parts) };
    },
  },
};

function readImage(image: unknown, result: unknown): MessagePart[] {
  const prompt = textField(image, 'revised_prompt');
  const url = textField(image, 'url');
  const data = textField(image, 'b64_json') ?? textField(image, 'data');
  const format = textField(image, 'output_format') ?? textField(result, 'output_format');
  const length = countField(image, 'original_length');
  const type = format === undefined ? undefined : `image/${format}`;
  const shown =
    url === undefined ? data !== undefined && blobPart(data, 'image', type) : urlPart(url, 'image');
  const left =
    length === undefined
      ? unknownPart()
      : [{ ...blobPart('', 'image', type), size: Math.floor((length * 3) / 4) }];
  return [
    ...(prompt === undefined ? [] : [textPart('text', prompt, undefined)]),
    ...(shown ? [shown] : left),
  ];
}

/** If the output tokens have no details, all of them are image tokens, as the reference says. */
function readImageUsage(result: unknown): Usage | undefined {
  const reported = field(result, 'usage');
  const usage = readUsage(reported);
  if (usage === undefined || objectField(reported, 'output_tokens_details') !== undefined) return usage;
  const { audio, image } = usage.modalities ?? NO_MODALITIES;
  return { ...usage, modalities: { audio, image: { ...image, output: usage.outputTokens } } };
}
