import { asObject, field, fieldsOf } from './payload.ts';

/**
 * A header of a request or a response: a plain object or a `Headers`-like (openai 4), an object whose
 * `values` is a `Headers` (openai 5 to 7), or a real `Headers`.
 */
export function readHeader(headers: unknown, name: string): string | undefined {
  const holder = asObject(fieldsOf(headers).values) ?? headers;
  const { get } = fieldsOf(holder);
  const value =
    typeof get === 'function'
      ? get.call(holder, name)
      : (field(holder, name) ?? field(holder, name.toLowerCase()));
  return typeof value === 'string' && value !== '' ? value : undefined;
}
