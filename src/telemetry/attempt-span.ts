import { type Context, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Attempt, Call } from '../client/call.ts';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_OPENAI_RETRY_DELAY,
} from '../semconv/attributes.ts';
import { readFailure } from './error.ts';
import type { Telemetry } from './telemetry.ts';

/** Draws the attempts of a call that was retried; one that succeeded at once has nothing to show. */
export function recordAttempts(telemetry: Telemetry, call: Call, parent: Context): void {
  if (call.attempts.length < 2) return;
  call.attempts.forEach((attempt, index) => {
    recordAttempt(telemetry, attempt, call.attempts[index - 1], index, call.endTime, parent);
  });
}

function recordAttempt(
  telemetry: Telemetry,
  attempt: Attempt,
  previous: Attempt | undefined,
  index: number,
  lastTime: number,
  parent: Context,
): void {
  const span = telemetry.tracer.startSpan(
    'attempt',
    { kind: SpanKind.INTERNAL, startTime: attempt.startTime },
    parent,
  );
  if (index > 0) span.setAttribute(ATTR_HTTP_REQUEST_RESEND_COUNT, index);
  if (previous?.endTime !== undefined)
    span.setAttribute(ATTR_OPENAI_RETRY_DELAY, Math.max(0, attempt.startTime - previous.endTime) / 1e3);
  if (attempt.status !== undefined) span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, attempt.status);
  const errorType = errorTypeOf(attempt);
  if (errorType !== undefined) {
    span.setAttribute(ATTR_ERROR_TYPE, errorType);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end(attempt.endTime ?? lastTime);
}

function errorTypeOf({ status, error }: Attempt): string | undefined {
  if (error !== undefined) return readFailure(error).type;
  return status !== undefined && status >= 400 ? String(status) : undefined;
}
