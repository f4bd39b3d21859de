import type { Attributes, Context, SpanContext } from '@opentelemetry/api';
import * as ATTR from '../../semconv/attributes.ts';
import { clockIn, now } from '../../util/clock.ts';
import { activeContext } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { objectField, stringField } from '../../util/payload.ts';
import type { Outcome } from '../../util/watch-result.ts';
import { placeAttributes } from '../place.ts';
import type { Telemetry } from '../telemetry.ts';
import { ActiveSpan } from './active-span.ts';
import type { FunctionPlace } from './function-span.ts';

/** What a webhook has to do with what this process knows. */
export interface WebhookRelations {
  /** The conversation that the program has named. */
  readonly conversationId: string | undefined;
  /** Returns where the span stands in that conversation. */
  readonly placeIn: (context: Context, startTime: number) => FunctionPlace | undefined;
  /** Returns the span context of a response that this process created. */
  readonly creatorOf: (responseId: string) => SpanContext | undefined;
}

/**
 * Starts the span of a webhook that is unwrapped, and records which event arrived. A webhook with an invalid signature
 * is not read: anybody may have sent it.
 */
export function startWebhook(
  telemetry: Telemetry,
  { conversationId, placeIn, creatorOf }: WebhookRelations,
): Outcome | undefined {
  const context = activeContext();
  const clock = guard('reading the clock of a span', clockIn, context);
  const time = now(clock);
  const place = guard('placing a webhook', placeIn, context, time);
  const webhook = guard('starting a webhook span', () => {
    const { parent, startTime, ended } = place ?? { parent: context, startTime: time };
    const attributes = placeAttributes({ kind: 'conversation', conversationId });
    return new ActiveSpan(telemetry, { name: 'webhook', attributes, parent, startTime, clock, ended });
  });
  if (webhook === undefined) {
    if (place !== undefined) guard('ending a webhook', place.ended, time);
    return undefined;
  }
  return {
    succeed(event) {
      if (webhook.hasEnded) return;
      guard('recording a webhook', recordEvent, webhook, event, creatorOf);
      webhook.end();
    },
    fail: (error) => webhook.fail(error),
  };
}

/** What the events of one object are about. */
interface Subject {
  /** The prefix of their types. */
  readonly type: string;
  /** The field of `data` that has the object's id, unless it is `id`. */
  readonly key?: string;
  /** The attribute that requests about the object have, too; or several. */
  readonly attribute: string | ((id: string) => Attributes);
}

/** @see https://platform.openai.com/docs/api-reference/webhook-events */
const SUBJECTS: readonly Subject[] = [
  {
    type: 'response.',
    attribute: (id) => ({ [ATTR.OPENAI_API_TYPE]: 'responses', [ATTR.GEN_AI_RESPONSE_ID]: id }),
  },
  {
    type: 'agent.session.',
    attribute: (id) => placeAttributes({ kind: 'session', conversationId: id }),
  },
  { type: 'agent.environment.', attribute: ATTR.OPENAI_ENVIRONMENT_ID },
  { type: 'batch.', attribute: ATTR.OPENAI_BATCH_ID },
  { type: 'eval.run.', attribute: ATTR.OPENAI_EVAL_RUN_ID },
  { type: 'fine_tuning.job.', attribute: ATTR.OPENAI_FINE_TUNING_JOB_ID },
  { type: 'live.', key: 'session_id', attribute: ATTR.OPENAI_SESSION_ID },
  { type: 'realtime.call.', key: 'call_id', attribute: ATTR.OPENAI_CALL_ID },
  { type: 'safety.alert.', attribute: ATTR.OPENAI_ALERT_ID },
  { type: 'safety.org_alert.', attribute: ATTR.OPENAI_ALERT_ID },
  { type: 'safety.deactivation_issued', attribute: ATTR.OPENAI_CASE_ID },
  { type: 'safety.warning_issued', attribute: ATTR.OPENAI_CASE_ID },
  { type: 'video.', attribute: ATTR.OPENAI_VIDEO_ID },
];

function recordEvent(
  { span }: ActiveSpan,
  event: unknown,
  creatorOf: (responseId: string) => SpanContext | undefined,
): void {
  const type = stringField(event, 'type');
  const eventId = stringField(event, 'id');
  if (type !== undefined) span.setAttribute(ATTR.OPENAI_WEBHOOK_EVENT_TYPE, type);
  if (eventId !== undefined) span.setAttribute(ATTR.OPENAI_WEBHOOK_EVENT_ID, eventId);
  const subject = SUBJECTS.find((row) => type?.startsWith(row.type) === true);
  const id = stringField(objectField(event, 'data'), subject?.key ?? 'id');
  if (subject === undefined || id === undefined) return;
  const { attribute } = subject;
  span.setAttributes(typeof attribute === 'string' ? { [attribute]: id } : attribute(id));
  const creator = creatorOf(id);
  if (creator !== undefined) span.addLink({ context: creator });
}
