import type { Attributes, Span } from '@opentelemetry/api';
import * as ATTR from '../../semconv/attributes.ts';
import { readHeader } from '../../util/headers.ts';

/** The rate limits from the response headers. */
export function rateLimitsIn(headers: unknown): Attributes | undefined {
  const requests = countIn(headers, 'x-ratelimit-remaining-requests');
  const tokens = countIn(headers, 'x-ratelimit-remaining-tokens');
  // Reading a header is slow: without the remaining amounts, the other limits are not sent either.
  if (requests === undefined && tokens === undefined) return undefined;
  const limits: Attributes = {};
  if (requests !== undefined) limits[ATTR.OPENAI_RATELIMIT_REMAINING_REQUESTS] = requests;
  if (tokens !== undefined) limits[ATTR.OPENAI_RATELIMIT_REMAINING_TOKENS] = tokens;
  const requestLimit = countIn(headers, 'x-ratelimit-limit-requests');
  if (requestLimit !== undefined) limits[ATTR.OPENAI_RATELIMIT_LIMIT_REQUESTS] = requestLimit;
  const tokenLimit = countIn(headers, 'x-ratelimit-limit-tokens');
  if (tokenLimit !== undefined) limits[ATTR.OPENAI_RATELIMIT_LIMIT_TOKENS] = tokenLimit;
  addTime(limits, ATTR.OPENAI_RATELIMIT_RESET_REQUESTS, headers, 'x-ratelimit-reset-requests');
  addTime(limits, ATTR.OPENAI_RATELIMIT_RESET_TOKENS, headers, 'x-ratelimit-reset-tokens');
  return limits;
}

/** Called last: a span with a limit of attributes keeps those that were set first. */
export function recordRateLimits(span: Span, limits: Attributes): void {
  // The SDK logs a warning for a span that has ended.
  if (span.isRecording()) span.setAttributes(limits);
}

function countIn(headers: unknown, header: string): number | undefined {
  const text = readHeader(headers, header);
  const value = text === undefined ? Number.NaN : Number(text);
  // Some gateways send -1 for "unlimited".
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** A duration such as `1m30s` is recorded as it was sent. */
function addTime(attributes: Attributes, attribute: string, headers: unknown, header: string): void {
  const value = readHeader(headers, header);
  if (value !== undefined && /^[\w.:+-]{1,32}$/.test(value)) attributes[attribute] = value;
}
