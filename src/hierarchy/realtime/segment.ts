import type { Attributes, Context, Link, SpanContext } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import { conversation } from '../../operations/conversation.ts';
import type { ClientEndpoint } from '../../sdk/provider.ts';
import type { SocketClose } from '../../sdk/sockets/socket.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { readFailure } from '../../telemetry/outcomes/failure.ts';
import { type ConversationKind, type Place, placeAttributes } from '../../telemetry/place.ts';
import { OperationRecord } from '../../telemetry/record.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Totals } from '../../telemetry/totals.ts';
import { LinkedContext } from '../../util/context.ts';
import { activeSpan } from '../conversations/conversation.ts';

export interface SocketSegmentStart {
  readonly kind: ConversationKind;
  readonly endpoint: ClientEndpoint;
  readonly context: Context;
  readonly startTime: number;
  readonly attributes: Attributes;
  /** The connection before on the same socket. */
  readonly previous: SpanContext | undefined;
}

/** The span of one connection of a socket, from its opening to its close. It has no idle time, and outlives its parent. */
export class SocketSegment {
  readonly context: Context;
  /** What has been counted so far. */
  readonly counts = { sent: 0, received: 0, errors: 0, interruptions: 0, heardSeconds: 0, spokenSeconds: 0 };
  readonly #kind: ConversationKind;
  readonly #parentSpanId: string | undefined;
  /** `undefined` where spans of conversations are switched off. */
  readonly #record: OperationRecord<Place, Totals> | undefined;

  constructor(telemetry: Telemetry, start: SocketSegmentStart) {
    const { kind, endpoint, context, startTime, attributes, previous } = start;
    const parent = activeSpan(context);
    const links: Link[] = previous === undefined ? [] : [{ context: previous }];
    this.#kind = kind;
    this.#parentSpanId = parent?.spanContext().spanId;
    if (telemetry.settings.conversationSpans !== 'never')
      this.#record = new OperationRecord(telemetry, {
        operation: conversation,
        request: { kind, conversationId: undefined },
        endpoint,
        place: { parent: context, links },
        isRoot: parent === undefined,
        startTime,
      });
    this.#record?.add({ attributes });
    this.context = this.#record === undefined ? context : LinkedContext.withSpan(context, this.#record.span);
  }

  get spanContext(): SpanContext | undefined {
    return this.#record?.span.spanContext();
  }

  /** Below the session, unless the caller's span is neither the session's parent nor missing: then it stays with that. */
  parentIn(caller: Context): Context {
    if (this.#record === undefined) return caller;
    const id = activeSpan(caller)?.spanContext().spanId;
    return id === undefined || id === this.#parentSpanId
      ? LinkedContext.withSpan(caller, this.#record.span)
      : caller;
  }

  /** The server has told what the session is. */
  describe(id: string | undefined, attributes: Attributes): void {
    const place = placeAttributes({ kind: this.#kind, conversationId: id });
    this.#record?.add({ attributes: { ...attributes, ...place } });
  }

  addEvent(name: string, attributes: Attributes, time: number): void {
    this.#record?.addEvent(name, attributes, time);
  }

  end(time: number, totals: Totals, close: SocketClose | undefined): void {
    const { sent, received, errors, interruptions, heardSeconds, spokenSeconds } = this.counts;
    const attributes: Attributes = {
      [ATTR.OPENAI_SOCKET_SENT_EVENTS]: sent,
      [ATTR.OPENAI_SOCKET_RECEIVED_EVENTS]: received,
    };
    if (errors > 0) attributes[ATTR.OPENAI_SOCKET_ERROR_COUNT] = errors;
    if (interruptions > 0) attributes[ATTR.OPENAI_REALTIME_INTERRUPTION_COUNT] = interruptions;
    if (heardSeconds > 0) attributes[ATTR.OPENAI_REALTIME_INPUT_AUDIO_DURATION] = heardSeconds;
    if (spokenSeconds > 0) attributes[ATTR.OPENAI_REALTIME_OUTPUT_AUDIO_DURATION] = spokenSeconds;
    define(attributes, ATTR.OPENAI_SOCKET_CLOSE_CODE, close?.code);
    const failure = close?.isFailure ? readFailure(close.error) : undefined;
    this.#record?.end({ attributes, result: totals, failure }, time);
  }
}
