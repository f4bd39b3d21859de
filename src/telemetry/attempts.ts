import { type Attributes, type Context, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Attempt, Call } from '../sdk/call.ts';
import * as ATTR from '../semconv/attributes.ts';
import { pickAttributes } from '../util/otel-api.ts';
import { asName, readHeader } from '../util/payload.ts';
import { thrownTypeOf } from './outcomes/failure.ts';
import { HIERARCHY_IDS } from './place-attributes.ts';
import { endSpan } from './span-end.ts';
import type { Telemetry } from './telemetry.ts';

/** The SDK's error for a body that timed out. After a success status, only this error causes a retry. */
const BODY_TIMEOUT = 'APIConnectionTimeoutError';

/**
 * Records a span for each attempt of a call that was retried. If there are very many attempts, only the first
 * ones and the last one get a span; `http.request.resend_count` still counts all of them.
 *
 * @param known the attributes of the call's span. Each attempt's span gets the hierarchy ids among them
 */
export function recordAttempts(
  telemetry: Telemetry,
  call: Call,
  parent: Context,
  known: Attributes = {},
): void {
  const { attempts } = call;
  if (attempts.length < 2) return;
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
  if (status !== undefined) attributes[ATTR.HTTP_RESPONSE_STATUS_CODE] = status;
  const requestId = asName(readHeader(headers, 'x-request-id'));
  if (requestId !== undefined) attributes[ATTR.OPENAI_REQUEST_ID] = requestId;
  const shouldRetry = readHeader(headers, 'x-should-retry');
  if (shouldRetry === 'true' || shouldRetry === 'false')
    attributes[ATTR.OPENAI_RETRY_SHOULD_RETRY] = shouldRetry === 'true';
  if (previous?.endTime !== undefined)
    attributes[ATTR.OPENAI_RETRY_DELAY] = Math.max(0, attempt.startTime - previous.endTime) / 1e3;
  return attributes;
}

function attemptErrorType({ status, error }: Attempt): string | undefined {
  if (error !== undefined) return thrownTypeOf(error);
  return status !== undefined && status >= 400 ? String(status) : undefined;
}

function errorOfCall(call: Call): string | undefined {
  return call.failed ? thrownTypeOf(call.error) : undefined;
}
