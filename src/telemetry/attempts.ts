import { type Attributes, type Context, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Attempt } from '../sdk/attempts.ts';
import type { ReadonlyCall } from '../sdk/call.ts';
import * as ATTR from '../semconv/attributes.ts';
import {
  OPENAI_RETRY_DELAY_HEADER_VALUE_RETRY_AFTER as RETRY_AFTER,
  OPENAI_RETRY_DELAY_HEADER_VALUE_RETRY_AFTER_MS as RETRY_AFTER_MS,
} from '../semconv/values.ts';
import { pickAttributes } from '../util/otel-api.ts';
import { asName, readHeader } from '../util/payload.ts';
import { addStatus } from './call-attributes.ts';
import { typeOfThrown } from './outcomes/failure.ts';
import { HIERARCHY_IDS } from './place-attributes.ts';
import { endSpan, type Telemetry } from './telemetry.ts';

/** The SDK's error for a body that timed out. After a success status, only this error causes a retry. */
const BODY_TIMEOUT = 'APIConnectionTimeoutError';

/**
 * Records a span for each attempt. Call this for a call that was retried. If there are very many attempts, only the first
 * ones and the last one get a span; `http.request.resend_count` still counts all of them.
 *
 * @param known the attributes of the call's span. Each attempt's span gets the hierarchy ids among them
 */
export function recordAttempts(
  telemetry: Telemetry,
  call: ReadonlyCall,
  parent: Context,
  known: Attributes = {},
): void {
  const attempts = call.attempts.all;
  const ids = pickAttributes(known, HIERARCHY_IDS);
  attempts.forEach((attempt, index) => {
    const last = index === attempts.length - 1;
    const number = last ? call.attemptCount - 1 : index;
    const previous = number === index ? attempts[index - 1] : undefined;
    const errorType = attemptErrorType(attempt) ?? (last ? errorOfCall(call) : BODY_TIMEOUT);
    const attributes = { ...ids, ...attemptAttributes(attempt, number, previous) };
    if (errorType !== undefined) attributes[ATTR.ERROR_TYPE] = errorType;
    const span = telemetry.startSpan(
      'attempt',
      { kind: SpanKind.INTERNAL, startTime: attempt.startTime, attributes },
      parent,
    );
    if (errorType !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
    // If the last attempt got a good status, it lasts until the call ends: the SDK reads the body until then.
    const endTime = last && attemptErrorType(attempt) === undefined ? undefined : attempt.endTime;
    endSpan(span, endTime ?? call.endTime);
  });
}

function attemptAttributes(attempt: Attempt, number: number, previous: Attempt | undefined): Attributes {
  const attributes: Attributes = {};
  const { status, headers } = attempt;
  if (number > 0) attributes[ATTR.HTTP_REQUEST_RESEND_COUNT] = number;
  addStatus(attributes, status);
  const requestId = asName(readHeader(headers, 'x-request-id'));
  if (requestId !== undefined) attributes[ATTR.OPENAI_REQUEST_ID] = requestId;
  const shouldRetry = readHeader(headers, 'x-should-retry');
  if (shouldRetry === 'true' || shouldRetry === 'false')
    attributes[ATTR.OPENAI_RETRY_SHOULD_RETRY] = shouldRetry === 'true';
  if (previous?.endTime === undefined) return attributes;
  const delay = Math.max(0, attempt.startTime - previous.endTime);
  attributes[ATTR.OPENAI_RETRY_DELAY] = delay / 1e3;
  const header = delayHeader(previous.headers, previous.endTime, delay);
  if (header !== undefined) attributes[ATTR.OPENAI_RETRY_DELAY_HEADER] = header;
  return attributes;
}

function attemptErrorType({ status, error }: Attempt): string | undefined {
  if (error !== undefined) return typeOfThrown(error);
  return status !== undefined && status >= 400 ? String(status) : undefined;
}

function errorOfCall(call: ReadonlyCall): string | undefined {
  return call.failed ? typeOfThrown(call.error) : undefined;
}

/** The SDK ignores a header that asks for a longer wait. */
const MAX_HEADER_DELAY_MS = 60_000;
/** Without a header, the SDK always waits longer than this. */
const BELOW_OWN_DELAY_MS = 250;

/**
 * Finds the response header that set the delay before a retry, by the SDK's own rules. Returns `undefined` if
 * the SDK chose the delay itself.
 *
 * @param time the start of the delay, in milliseconds since the epoch
 * @param waited the delay in milliseconds
 */
function delayHeader(headers: unknown, time: number, waited: number): string | undefined {
  const milliseconds = Number.parseFloat(readHeader(headers, RETRY_AFTER_MS) ?? '');
  const isInSeconds = Number.isNaN(milliseconds);
  const delay = isInSeconds ? readRetryAfter(readHeader(headers, RETRY_AFTER) ?? '', time) : milliseconds;
  // Only newer SDK versions obey a delay of 0. Older ones wait at least `BELOW_OWN_DELAY_MS`.
  const isObeyed = delay === 0 ? waited < BELOW_OWN_DELAY_MS : delay > 0 && delay <= MAX_HEADER_DELAY_MS;
  if (!isObeyed) return undefined;
  return isInSeconds ? RETRY_AFTER : RETRY_AFTER_MS;
}

/** In milliseconds; `NaN` without a valid header. */
function readRetryAfter(value: string, time: number): number {
  const seconds = Number.parseFloat(value);
  return Number.isNaN(seconds) ? Date.parse(value) - time : seconds * 1e3;
}
