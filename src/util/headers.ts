import type { PayloadObject } from './payload.ts';

/**
 * A header of a request or a response: a plain object or a `Headers`-like (openai 4), an object whose
 * `values` is a `Headers` (openai 5 to 7), or a real `Headers`.
 */
export function readHeader(headers: unknown, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  const { values } = headers as PayloadObject;
  const holder = (typeof values === 'object' && values !== null ? values : headers) as PayloadObject;
  const { get } = holder;
  const value =
    typeof get === 'function' ? get.call(holder, name) : (holder[name] ?? holder[name.toLowerCase()]);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
