import type { Attributes, AttributeValue } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import type { ApiRequest } from '../telemetry/operation.ts';
import { asName, asText, asWord, field, fieldsOf, row, stringField, textField } from '../util/payload.ts';

export function define(attributes: Attributes, name: string, value: AttributeValue | undefined): void {
  if (value !== undefined) attributes[name] = value;
}

/** Frequent operations use {@link define} instead, which copies nothing. */
export function defined(attributes: Attributes): Attributes {
  const found: Attributes = {};
  for (const name in attributes) define(found, name, attributes[name]);
  return found;
}

export function modelOf({ body, deployment, sdkMetadata }: ApiRequest): string | undefined {
  return deployment ?? bodyText(body, 'model') ?? stringField(sdkMetadata, 'model');
}

export function modelCall(request: ApiRequest): Attributes {
  const attributes: Attributes = {};
  define(attributes, ATTR.GEN_AI_REQUEST_MODEL, modelOf(request));
  const serviceTier = asWord(field(request.body, 'service_tier'));
  // `auto` requests no particular tier.
  if (serviceTier !== 'auto') define(attributes, ATTR.OPENAI_REQUEST_SERVICE_TIER, serviceTier);
  return attributes;
}

export function answeringModel(result: unknown): Attributes {
  const attributes: Attributes = {};
  define(attributes, ATTR.GEN_AI_RESPONSE_MODEL, stringField(result, 'model'));
  return attributes;
}

const OUTPUT_TYPES: Readonly<Record<string, string>> = {
  json_object: 'json',
  json_schema: 'json',
  text: 'text',
};

export function outputTypeOf(format: unknown): string | undefined {
  return row(OUTPUT_TYPES, asName(fieldsOf(format).type));
}

/** A short text of a request body, such as a model. */
export function bodyText(body: unknown, key: string): string | undefined {
  return asName(formText(body, key));
}

/** A text of a request body, which is JSON or, if it contains files, a form. The caller must cut it. */
export function formText(body: unknown, key: string): string | undefined {
  return textField(body, key) ?? (body instanceof FormData ? asText(body.get(key)) : undefined);
}
