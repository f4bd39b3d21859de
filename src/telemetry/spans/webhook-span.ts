import { type Attributes, context, type Span, type SpanContext, SpanKind } from '@opentelemetry/api';
import type { WebhookDelivery } from '../../sdk/webhooks.ts';
import {
  ATTR_GEN_AI_RESPONSE_ID,
  ATTR_OPENAI_API_TYPE,
  ATTR_OPENAI_WEBHOOK_EVENT_ID,
  ATTR_OPENAI_WEBHOOK_EVENT_TYPE,
} from '../../semconv/attributes.ts';
import { now } from '../../util/clock.ts';
import { guard } from '../../util/guard.ts';
import { LinkedContext } from '../../util/linked-context.ts';
import { objectField, stringField } from '../../util/payload.ts';
import { clockIn } from '../../util/span-clock.ts';
import { followOutcome } from '../../util/watch-result.ts';
import { readFailure } from '../error.ts';
import { placeAttributes } from '../place.ts';
import type { Telemetry } from '../telemetry.ts';
import { recordEnd } from './record-end.ts';
import { endSpan } from './span-end.ts';

/**
 * Unwraps a webhook and records which event arrived. A webhook with an invalid signature is not read: anybody may have
 * sent it. Results and errors pass through unchanged.
 *
 * @param creatorOf returns the span context of a response that this process created
 */
export function unwrapWebhook(
  telemetry: Telemetry,
  delivery: WebhookDelivery,
  creatorOf: (responseId: string) => SpanContext | undefined,
): unknown {
  const active = context.active();
  const clock = guard('reading the clock of a span', clockIn, active);
  const span = guard('starting a webhook span', () =>
    telemetry.tracer.startSpan('webhook', { kind: SpanKind.INTERNAL, startTime: now(clock) }, active),
  );
  if (span === undefined) return delivery.run();
  return followOutcome(delivery.run, {
    succeed(event) {
      guard('recording a webhook', recordEvent, span, event, creatorOf);
      endSpan(span, now(clock));
    },
    fail(error) {
      const endTime = now(clock);
      guard('recording a failure', () =>
        recordEnd(telemetry, {
          span,
          context: LinkedContext.withSpan(active, span),
          attributes: {},
          content: undefined,
          failure: readFailure(error),
          endTime,
        }),
      );
      endSpan(span, endTime);
    },
  });
}

/**
 * The attributes of the object that an event is about, by the prefix of the event type.
 *
 * @see https://platform.openai.com/docs/api-reference/webhook-events
 */
const SUBJECTS: readonly (readonly [type: string, attributes: (id: string) => Attributes])[] = [
  ['response.', (id) => ({ [ATTR_OPENAI_API_TYPE]: 'responses', [ATTR_GEN_AI_RESPONSE_ID]: id })],
  ['agent.session.', (id) => placeAttributes({ kind: 'session', conversationId: id })],
];

function recordEvent(
  span: Span,
  event: unknown,
  creatorOf: (responseId: string) => SpanContext | undefined,
): void {
  const type = stringField(event, 'type');
  const eventId = stringField(event, 'id');
  if (type !== undefined) span.setAttribute(ATTR_OPENAI_WEBHOOK_EVENT_TYPE, type);
  if (eventId !== undefined) span.setAttribute(ATTR_OPENAI_WEBHOOK_EVENT_ID, eventId);
  const id = stringField(objectField(event, 'data'), 'id');
  if (type === undefined || id === undefined) return;
  const subject = SUBJECTS.find(([beginning]) => type.startsWith(beginning));
  if (subject !== undefined) span.setAttributes(subject[1](id));
  const creator = creatorOf(id);
  if (creator !== undefined) span.addLink({ context: creator });
}
