import type { Attributes } from '@opentelemetry/api';
import type { ReadonlyCall } from '../sdk/call.ts';
import * as ATTR from '../semconv/attributes.ts';
import { asName, field, readHeader, stringField } from '../util/payload.ts';
import { addBlockedCategories, filtersOfError } from './outcomes/content-filter.ts';
import type { AnswerEnd } from './placement.ts';

export function callAttributes(call: ReadonlyCall, answerEnd: AnswerEnd = call.streamEnd): Attributes {
  const attributes: Attributes = {};
  // The SDK adds the request id to its results. Reading it there is faster than reading a header.
  const requestId =
    stringField(call.value, '_request_id') ?? asName(readHeader(headersOf(call), 'x-request-id'));
  if (requestId !== undefined) attributes[ATTR.OPENAI_REQUEST_ID] = requestId;
  if (answerEnd !== undefined) {
    attributes[ATTR.OPENAI_STREAM_CHUNK_COUNT] = call.chunks.count;
    attributes[ATTR.OPENAI_STREAM_END] = answerEnd;
    addChunkGaps(attributes, call);
  } else if (call.outcome !== 'value' && call.outcome !== 'error') {
    // The SDK did not parse the response: it was wanted raw or abandoned, or a shutdown came first.
    attributes[ATTR.OPENAI_RESPONSE_PARSED] = false;
  }
  if (isInterruptedCall(call)) attributes[ATTR.OPENAI_CALL_INTERRUPTED] = true;
  if (call.failed) addBlockedCategories(attributes, filtersOfError(call.error));
  addStatus(attributes, call.status);
  if (call.attemptCount > 1) attributes[ATTR.HTTP_REQUEST_RESEND_COUNT] = call.attemptCount - 1;
  return attributes;
}

function addChunkGaps(attributes: Attributes, { chunks }: ReadonlyCall): void {
  const { count, first = 0, last = 0, longestGap } = chunks;
  if (count < 2) return;
  attributes[ATTR.OPENAI_STREAM_CHUNK_GAP_MEAN] = (last - first) / (count - 1) / 1e3;
  attributes[ATTR.OPENAI_STREAM_CHUNK_GAP_MAX] = longestGap / 1e3;
}

/** For an error response, the SDK attaches the headers to the error. */
export function headersOf(call: ReadonlyCall): unknown {
  return call.headers ?? field(call.error, 'headers');
}

/** Whether the call was in progress when a shutdown or an exit ended its record, so that its duration is unknown. */
export function isInterruptedCall({
  outcome,
  streamed,
  read,
  requested,
  headersTime,
}: ReadonlyCall): boolean {
  return outcome === 'interrupted' && (headersTime === 0 || (streamed ? read : requested));
}

/** A successful response almost always has the status 200, so only other ones are recorded. */
export function addStatus(attributes: Attributes, status: number | undefined): void {
  if (status !== undefined && status !== 200) attributes[ATTR.HTTP_RESPONSE_STATUS_CODE] = status;
}

/** The counts that gauges report. */
export function rateLimitsIn(headers: unknown): Attributes | undefined {
  const requests = countIn(headers, 'x-ratelimit-remaining-requests');
  const tokens = countIn(headers, 'x-ratelimit-remaining-tokens');
  // Reading a header is slow. A server that sends neither of these is assumed to send no limits at all.
  if (requests === undefined && tokens === undefined) return undefined;
  const limits: Attributes = {};
  if (requests !== undefined) limits[ATTR.OPENAI_RATELIMIT_REMAINING_REQUESTS] = requests;
  if (tokens !== undefined) limits[ATTR.OPENAI_RATELIMIT_REMAINING_TOKENS] = tokens;
  const requestLimit = countIn(headers, 'x-ratelimit-limit-requests');
  if (requestLimit !== undefined) limits[ATTR.OPENAI_RATELIMIT_LIMIT_REQUESTS] = requestLimit;
  const tokenLimit = countIn(headers, 'x-ratelimit-limit-tokens');
  if (tokenLimit !== undefined) limits[ATTR.OPENAI_RATELIMIT_LIMIT_TOKENS] = tokenLimit;
  return limits;
}

/** The rate limits that the span of a call shows: none, unless one was hit or has less than a tenth left. */
export function reachedLimits(call: ReadonlyCall, limits: Attributes | undefined): Attributes | undefined {
  if (limits === undefined) return undefined;
  const isReached =
    call.status === 429 ||
    isScarce(
      limits[ATTR.OPENAI_RATELIMIT_REMAINING_REQUESTS],
      limits[ATTR.OPENAI_RATELIMIT_LIMIT_REQUESTS],
    ) ||
    isScarce(limits[ATTR.OPENAI_RATELIMIT_REMAINING_TOKENS], limits[ATTR.OPENAI_RATELIMIT_LIMIT_TOKENS]);
  if (!isReached) return undefined;
  const shown = { ...limits };
  const headers = headersOf(call);
  addTime(shown, ATTR.OPENAI_RATELIMIT_RESET_REQUESTS, headers, 'x-ratelimit-reset-requests');
  addTime(shown, ATTR.OPENAI_RATELIMIT_RESET_TOKENS, headers, 'x-ratelimit-reset-tokens');
  return shown;
}

function isScarce(remaining: unknown, limit: unknown): boolean {
  return remaining === 0 || Number(remaining) * 10 < Number(limit);
}

function countIn(headers: unknown, header: string): number | undefined {
  const value = Number(readHeader(headers, header) || Number.NaN);
  // Some gateways send -1 for "unlimited".
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function addTime(attributes: Attributes, attribute: string, headers: unknown, header: string): void {
  const value = readHeader(headers, header);
  if (value !== undefined && /^[\w.:+-]{1,32}$/.test(value)) attributes[attribute] = value;
}
