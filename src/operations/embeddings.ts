import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import { readUsage, type Usage, usageIn } from '../telemetry/cost/usage.ts';
import type { Operation } from '../telemetry/operation.ts';
import { arrayField, asObject, countField, field, stringField } from '../util/payload.ts';
import { answeringModel, define, modelCall } from './attributes.ts';
import { readAnswerFailure } from './failures.ts';

/**
 * Only the length of the first vector is read: vectors are large, and some major versions of the SDK decode
 * them lazily.
 *
 * @see https://platform.openai.com/docs/api-reference/embeddings/create
 */
export const embeddings: Operation = {
  endpoints: ['POST /embeddings'],
  traits: { inference: 'embeddings' },
  name: 'embeddings',
  requestAttributes: modelCall,
  parameterAttributes({ body }): Attributes {
    const format = stringField(body, 'encoding_format');
    const attributes: Attributes = {};
    define(attributes, ATTR.GEN_AI_EMBEDDINGS_DIMENSION_COUNT, countField(body, 'dimensions'));
    define(attributes, ATTR.GEN_AI_REQUEST_ENCODING_FORMATS, format === undefined ? undefined : [format]);
    return attributes;
  },
  resultAttributes(result): Attributes {
    const attributes = answeringModel(result);
    define(attributes, ATTR.GEN_AI_EMBEDDINGS_DIMENSION_COUNT, dimensionsOf(arrayField(result, 'data')[0]));
    return attributes;
  },
  usage: inputUsage,
  failure: readAnswerFailure,
};

const BYTES_PER_FLOAT = 4;

/** Calls no getter, because a getter may decode the vector. */
function dimensionsOf(embedding: unknown): number | undefined {
  const holder = asObject(embedding);
  const vector = holder && (Object.getOwnPropertyDescriptor(holder, 'embedding')?.value as unknown);
  if (Array.isArray(vector) || vector instanceof Float32Array) return vector.length || undefined;
  if (typeof vector !== 'string') return undefined;
  const padding = vector.endsWith('==') ? 2 : Number(vector.endsWith('='));
  const dimensions = ((vector.length - padding) * 3) / 4 / BYTES_PER_FLOAT;
  return Math.floor(dimensions) || undefined;
}

/** Embeddings have no output tokens, so not even 0 is recorded. Voyage reports only the total. */
function inputUsage(result: unknown): Usage | undefined {
  const usage = usageIn(result) ?? readUsage({ input_tokens: field(field(result, 'usage'), 'total_tokens') });
  return usage === undefined || usage.known === 'output'
    ? undefined
    : { ...usage, known: 'input', isPartial: undefined };
}
