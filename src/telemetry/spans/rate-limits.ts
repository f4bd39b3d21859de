import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_OPENAI_RATELIMIT_LIMIT_REQUESTS,
  ATTR_OPENAI_RATELIMIT_LIMIT_TOKENS,
  ATTR_OPENAI_RATELIMIT_REMAINING_REQUESTS,
  ATTR_OPENAI_RATELIMIT_REMAINING_TOKENS,
  ATTR_OPENAI_RATELIMIT_RESET_REQUESTS,
  ATTR_OPENAI_RATELIMIT_RESET_TOKENS,
} from '../../semconv/attributes.ts';
import { readHeader } from '../../util/headers.ts';

/**
 * Adds the rate limits from the response headers.
 *
 * @returns whether there were any
 */
export function addRateLimits(attributes: Attributes, headers: unknown): boolean {
  const requests = addCount(
    attributes,
    ATTR_OPENAI_RATELIMIT_REMAINING_REQUESTS,
    headers,
    'x-ratelimit-remaining-requests',
  );
  const tokens = addCount(
    attributes,
    ATTR_OPENAI_RATELIMIT_REMAINING_TOKENS,
    headers,
    'x-ratelimit-remaining-tokens',
  );
  // Reading a header is slow: without the remaining amounts, the other limits are not sent either.
  if (!requests && !tokens) return false;
  addCount(attributes, ATTR_OPENAI_RATELIMIT_LIMIT_REQUESTS, headers, 'x-ratelimit-limit-requests');
  addCount(attributes, ATTR_OPENAI_RATELIMIT_LIMIT_TOKENS, headers, 'x-ratelimit-limit-tokens');
  addTime(attributes, ATTR_OPENAI_RATELIMIT_RESET_REQUESTS, headers, 'x-ratelimit-reset-requests');
  addTime(attributes, ATTR_OPENAI_RATELIMIT_RESET_TOKENS, headers, 'x-ratelimit-reset-tokens');
  return true;
}

function addCount(attributes: Attributes, attribute: string, headers: unknown, header: string): boolean {
  const text = readHeader(headers, header);
  const value = text === undefined ? Number.NaN : Number(text);
  // Some gateways send -1 for "unlimited".
  if (!Number.isSafeInteger(value) || value < 0) return false;
  attributes[attribute] = value;
  return true;
}

/** A duration such as `1m30s` is recorded as it was sent. */
function addTime(attributes: Attributes, attribute: string, headers: unknown, header: string): void {
  const value = readHeader(headers, header);
  if (value !== undefined && /^[\w.:+-]{1,32}$/.test(value)) attributes[attribute] = value;
}
