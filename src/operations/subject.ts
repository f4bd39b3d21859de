import type { Attributes } from '@opentelemetry/api';
import { ATTR_GEN_AI_OPERATION_NAME, ATTR_GEN_AI_REQUEST_MODEL } from '../semconv/attributes.ts';
import type { ApiRequest } from '../telemetry/operation.ts';
import { asName, fieldsOf, names, stringField } from '../util/payload.ts';
import { define } from './attributes.ts';

/** The model that a request names; an Azure deployment stands for it. */
export function modelOf({ body, deployment }: ApiRequest): string | undefined {
  return deployment ?? bodyText(body, 'model');
}

/** What every call of a model says of itself. */
export function modelCall(operation: string, request: ApiRequest): Attributes {
  const attributes: Attributes = { [ATTR_GEN_AI_OPERATION_NAME]: operation };
  define(attributes, ATTR_GEN_AI_REQUEST_MODEL, modelOf(request));
  return attributes;
}

/** The service tier that a request asks for; `auto` asks for none. */
export function requestedServiceTier({ body }: ApiRequest): string | undefined {
  const { service_tier } = fieldsOf(body);
  return service_tier === 'auto' ? undefined : asName(service_tier);
}

/** A span's name: the operation and what it works with, or the operation alone where that is not known. */
export function nameWith(operation: string, subject: string | undefined): string {
  return subject === undefined ? operation : `${operation} ${subject}`;
}

/** A text of a body, whether it is sent as JSON or, with files in it, as a form. */
export function bodyText(body: unknown, key: string): string | undefined {
  const text = stringField(body, key);
  if (text !== undefined || !(body instanceof FormData)) return text;
  return names([body.get(key)])[0] || undefined;
}
