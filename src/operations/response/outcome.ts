import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../../semconv/attributes.ts';
import { addBlockedCategories } from '../../telemetry/outcomes/content-filter.ts';
import { type Failure, readReported } from '../../telemetry/outcomes/failure.ts';
import { addFinishReason } from '../../telemetry/outcomes/finish-reason.ts';
import {
  arrayField,
  asArray,
  asName,
  asWord,
  field,
  fieldsOf,
  first,
  MAX_READ,
  objectField,
  row,
  stringField,
  tolerating,
} from '../../util/payload.ts';
import { define } from '../attributes.ts';
import { reportedError } from '../failures.ts';
import { hasRefusal, readResponseToolCall, waitingCalls } from './items.ts';

export const responseAttributes: (response: unknown) => Attributes = tolerating((response) => {
  const { id, model, status, service_tier, output, content_filters: filters } = fieldsOf(response);
  const attributes: Attributes = {};
  define(attributes, ATTR.GEN_AI_RESPONSE_ID, asName(id));
  define(attributes, ATTR.GEN_AI_RESPONSE_MODEL, asName(model));
  define(attributes, ATTR.GEN_AI_RESPONSE_STATUS, asWord(status));
  addFinishReason(attributes, finishReasonOf(response));
  if (first(asArray(output)).some((item) => hasRefusal(field(item, 'content'))))
    attributes[ATTR.OPENAI_RESPONSE_REFUSED] = true;
  for (const filter of first(asArray(filters)))
    addBlockedCategories(attributes, field(filter, 'content_filter_results'));
  define(attributes, ATTR.GEN_AI_CONVERSATION_ID, conversationIdOf(response));
  define(attributes, ATTR.OPENAI_RESPONSE_SERVICE_TIER, asWord(service_tier));
  return attributes;
});

/** A request or response may wrap the id in an object. */
export function conversationIdOf(holder: unknown): string | undefined {
  const conversation = field(holder, 'conversation');
  if (conversation === undefined || conversation === null) return undefined;
  return asName(conversation) ?? stringField(conversation, 'id');
}

/** By status. A response in progress has no finish reason. */
const REASONS: Readonly<Record<string, (response: unknown) => string | undefined>> = {
  completed: (response) => (asksProgram(response) ? 'tool_calls' : 'stop'),
  incomplete: (response) => asWord(field(objectField(response, 'incomplete_details'), 'reason')),
  failed: () => 'error',
  cancelled: () => 'cancelled',
};

export function finishReasonOf(response: unknown): string | undefined {
  return row(REASONS, stringField(response, 'status'))?.(response);
}

/** Whether the response waits for outputs or approvals of tool calls. */
export function asksProgram(response: unknown): boolean {
  const output = first(arrayField(response, 'output'), MAX_READ);
  const waits = waitingCalls(output);
  return output.some((item) => {
    const call = readResponseToolCall(item);
    return call !== undefined && waits(call);
  });
}

/** A response may fail although the HTTP call that created it has succeeded. */
export function readResponseFailure(response: unknown): Failure | undefined {
  const error = reportedError(response);
  if (error === undefined && field(response, 'status') !== 'failed') return undefined;
  return readReported(error, 'failed');
}
