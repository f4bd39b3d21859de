import type { Attributes, Context, Span } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import type { Call } from '../../sdk/call.ts';
import type { Route } from '../../sdk/routes/index.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { EVENT_OPENAI_RUN_REQUEST } from '../../semconv/events.ts';
import { recordAttempts } from '../../telemetry/attempts.ts';
import { addAnswer, callAttributes, headersOf, rateLimitsIn } from '../../telemetry/call-facts.ts';
import { readFailure, thrownTypeOf } from '../../telemetry/error.ts';
import { placeAttributes } from '../../telemetry/place.ts';
import { recordToolDuration } from '../../telemetry/spans/tool-span.ts';
import { stringField } from '../../util/payload.ts';
import type { ToolOutput } from '../dialect.ts';
import type { AgentInvocation } from './agent-invocation.ts';

/** Adds what the creating request contributes to the span of an invocation. */
export function addCreation(invocation: AgentInvocation, call: Call, context: Context): void {
  const attributes = { ...callAttributes(call), ...rateLimitsIn(headersOf(call)) };
  if (call.streamed) attributes[ATTR.GEN_AI_REQUEST_STREAM] = true;
  invocation.addAttributes(attributes);
  addAttempts(invocation, call, context);
}

/** Ends an invocation without an id: it was not created, or the program read the raw response. */
export function abandon(invocation: AgentInvocation, call: Call): void {
  invocation.touch(call.endTime);
  if (call.error !== undefined) {
    invocation.conversation?.giveBack(invocation.input);
    const { endTime } = call;
    invocation.end(endTime, endTime, endTime, readFailure(call.error));
  }
  invocation.close();
  // Nor was the conversation created that belongs to it.
  if (invocation.conversation === undefined) invocation.segment?.end(call.endTime);
}

export function addAttempts(invocation: AgentInvocation, call: Call, context: Context): void {
  if (call.attemptCount > 1)
    recordAttempts(invocation.telemetry, call, context, placeAttributes(invocation.place));
}

/** A streamed invocation goes on in another stream, such as the one that answers its functions. */
export function addStreamPart(invocation: AgentInvocation, { streamEnd, chunkCount }: Call): void {
  const before = invocation.attributes[ATTR.OPENAI_STREAM_CHUNK_COUNT];
  if (streamEnd === undefined || typeof before !== 'number') return;
  invocation.addAttributes({
    [ATTR.OPENAI_STREAM_CHUNK_COUNT]: before + chunkCount,
    [ATTR.OPENAI_STREAM_END]: streamEnd,
  });
}

/** How a request that has no span of its own was answered. */
export function answerAttributes(call: Call): Attributes {
  const attributes: Attributes = {};
  define(attributes, ATTR.OPENAI_REQUEST_ID, callAttributes(call)[ATTR.OPENAI_REQUEST_ID]);
  addAnswer(attributes, call);
  return attributes;
}

/** The event on a span for a request that has no span of its own. */
export interface RequestEvent {
  readonly name: string;
  /** The attribute for the status in the answer. */
  readonly status: string;
}

export const RUN_REQUEST: RequestEvent = { name: EVENT_OPENAI_RUN_REQUEST, status: ATTR.OPENAI_RUN_STATUS };

/** Adds an event to the span of an operation for a request that has no span of its own. */
export function addRequestEvent(span: Span, { name, status }: RequestEvent, call: Call, route: Route): void {
  const attributes: Attributes = {
    [ATTR.HTTP_REQUEST_METHOD]: route.method,
    [ATTR.URL_TEMPLATE]: route.template,
  };
  define(attributes, status, stringField(call.value, 'status'));
  Object.assign(attributes, answerAttributes(call));
  if (call.error !== undefined) attributes[ATTR.ERROR_TYPE] = thrownTypeOf(call.error);
  span.addEvent(name, attributes, call.endTime);
}

/** Called when the server has accepted the program's output of a tool call. */
export function answerToolCall(
  invocation: AgentInvocation,
  { callId, output, outcome }: Pick<ToolOutput, 'callId' | 'output' | 'outcome'>,
  time: number,
): void {
  const { telemetry, steps, agent } = invocation;
  const timed = steps.answer(callId, { output, outcome }, time);
  if (timed !== undefined)
    recordToolDuration(telemetry, timed.snapshot, agent?.name, timed, invocation.context);
}
