import { names, stringField } from '../payload.ts';
import type { ApiRequest } from '../telemetry/operation.ts';

/** The model that a request names; an Azure deployment stands for it. */
export function modelOf({ body, deployment }: ApiRequest): string | undefined {
  return deployment ?? bodyText(body, 'model');
}

/** A span's name: the operation and what it works with, or the operation alone where that is not known. */
export function nameWith(operation: string, subject: string | undefined): string {
  return subject === undefined ? operation : `${operation} ${subject}`;
}

/** A text of a body, whether it is sent as JSON or, with files in it, as a form. */
export function bodyText(body: unknown, key: string): string | undefined {
  if (!(body instanceof FormData)) return stringField(body, key);
  return names([body.get(key)])[0] || undefined;
}
