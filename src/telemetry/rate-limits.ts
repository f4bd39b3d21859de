import type { Attributes } from '@opentelemetry/api';
import { readHeader } from '../client/call.ts';
import {
  ATTR_OPENAI_RATELIMIT_LIMIT_REQUESTS,
  ATTR_OPENAI_RATELIMIT_LIMIT_TOKENS,
  ATTR_OPENAI_RATELIMIT_REMAINING_REQUESTS,
  ATTR_OPENAI_RATELIMIT_REMAINING_TOKENS,
  ATTR_OPENAI_RATELIMIT_RESET_REQUESTS,
  ATTR_OPENAI_RATELIMIT_RESET_TOKENS,
} from '../semconv/attributes.ts';

/** Headers with a number; an answer without any of these has no limits to tell. */
const REMAINING: readonly (readonly [header: string, attribute: string])[] = [
  ['x-ratelimit-remaining-requests', ATTR_OPENAI_RATELIMIT_REMAINING_REQUESTS],
  ['x-ratelimit-remaining-tokens', ATTR_OPENAI_RATELIMIT_REMAINING_TOKENS],
];
const LIMITS: readonly (readonly [header: string, attribute: string])[] = [
  ['x-ratelimit-limit-requests', ATTR_OPENAI_RATELIMIT_LIMIT_REQUESTS],
  ['x-ratelimit-limit-tokens', ATTR_OPENAI_RATELIMIT_LIMIT_TOKENS],
];
/** Headers with a span of time such as `1m30s`, recorded as sent. */
const RESETS: readonly (readonly [header: string, attribute: string])[] = [
  ['x-ratelimit-reset-requests', ATTR_OPENAI_RATELIMIT_RESET_REQUESTS],
  ['x-ratelimit-reset-tokens', ATTR_OPENAI_RATELIMIT_RESET_TOKENS],
];

/** Adds what an answer's headers say of the program's rate limits. */
export function addRateLimits(attributes: Attributes, headers: unknown): void {
  if (!addNumbers(attributes, headers, REMAINING)) return;
  addNumbers(attributes, headers, LIMITS);
  for (const [header, attribute] of RESETS) {
    const value = readHeader(headers, header);
    if (value !== undefined && /^[\w.:+-]{1,32}$/.test(value)) attributes[attribute] = value;
  }
}

/** @returns whether there was any */
function addNumbers(attributes: Attributes, headers: unknown, rows: typeof LIMITS): boolean {
  let found = false;
  for (const [header, attribute] of rows) {
    const value = Number(readHeader(headers, header) ?? Number.NaN);
    // Some gateways send -1 where nothing is limited.
    if (!Number.isSafeInteger(value) || value < 0) continue;
    attributes[attribute] = value;
    found = true;
  }
  return found;
}
