import {
  OPENAI_RETRY_DELAY_HEADER_VALUE_RETRY_AFTER,
  OPENAI_RETRY_DELAY_HEADER_VALUE_RETRY_AFTER_MS,
} from '../../semconv/values.ts';
import { readHeader } from '../../util/headers.ts';

/** The SDK ignores a header that asks for a longer wait. */
const MAX_HEADER_DELAY_MS = 60_000;
/** Less than the SDK ever waits on its own. */
const BELOW_OWN_DELAY_MS = 250;

/** The headers that set a delay, in the SDK's order; each parser returns milliseconds from the given time. */
const HEADERS: readonly (readonly [name: string, parse: (value: string, time: number) => number])[] = [
  [OPENAI_RETRY_DELAY_HEADER_VALUE_RETRY_AFTER_MS, (value) => Number.parseFloat(value)],
  [OPENAI_RETRY_DELAY_HEADER_VALUE_RETRY_AFTER, readRetryAfter],
];

/**
 * The response header that set the SDK's delay before a retry, by the SDK's own rule; `undefined` if the SDK chose the
 * delay.
 *
 * @param time the start of the delay, in milliseconds since the epoch
 * @param waited the delay in milliseconds
 */
export function delayHeader(headers: unknown, time: number, waited: number): string | undefined {
  for (const [name, parse] of HEADERS) {
    const value = readHeader(headers, name);
    const delay = value === undefined ? Number.NaN : parse(value, time);
    if (Number.isNaN(delay)) continue;
    // Only later versions accept a delay of 0.
    const obeyed = delay === 0 ? waited < BELOW_OWN_DELAY_MS : delay > 0 && delay <= MAX_HEADER_DELAY_MS;
    return obeyed ? name : undefined;
  }
  return undefined;
}

/** Seconds or an HTTP date. */
function readRetryAfter(value: string, time: number): number {
  const seconds = Number.parseFloat(value);
  return Number.isNaN(seconds) ? Date.parse(value) - time : seconds * 1e3;
}
