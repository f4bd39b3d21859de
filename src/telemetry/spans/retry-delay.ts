import {
  OPENAI_RETRY_DELAY_HEADER_VALUE_RETRY_AFTER,
  OPENAI_RETRY_DELAY_HEADER_VALUE_RETRY_AFTER_MS,
} from '../../semconv/values.ts';
import { readHeader } from '../../util/headers.ts';

/** Milliseconds: a longer wait that a header asks for is not obeyed. */
const LONGEST = 60_000;
/** Milliseconds: less than the SDK waits where no header tells it to. */
const LESS_THAN_OWN = 250;

/** The headers that set a wait, the first that can be read first; each to milliseconds from a time on. */
const HEADERS: readonly (readonly [name: string, parse: (value: string, time: number) => number])[] = [
  [OPENAI_RETRY_DELAY_HEADER_VALUE_RETRY_AFTER_MS, (value) => Number.parseFloat(value)],
  [OPENAI_RETRY_DELAY_HEADER_VALUE_RETRY_AFTER, readRetryAfter],
];

/**
 * Which header of an answer set how long the SDK waited after it, by the SDK's own rule; `undefined` where the
 * SDK chose the time.
 *
 * @param time when it began to wait, in milliseconds since the epoch
 * @param waited in milliseconds
 */
export function delayHeader(headers: unknown, time: number, waited: number): string | undefined {
  for (const [name, parse] of HEADERS) {
    const value = readHeader(headers, name);
    const asked = value === undefined ? Number.NaN : parse(value, time);
    if (Number.isNaN(asked)) continue;
    // Not to wait at all is obeyed by later versions only.
    const obeyed = asked === 0 ? waited < LESS_THAN_OWN : asked > 0 && asked <= LONGEST;
    return obeyed ? name : undefined;
  }
  return undefined;
}

/** Seconds, or the date of HTTP. */
function readRetryAfter(value: string, time: number): number {
  const seconds = Number.parseFloat(value);
  return Number.isNaN(seconds) ? Date.parse(value) - time : seconds * 1e3;
}
