import type { Attributes, Context, Link, Span, SpanContext } from '@opentelemetry/api';
import { operationSettings, type Settings } from '../../config/config.ts';
import { define } from '../../operations/attributes.ts';
import type { ClientEndpoint } from '../../sdk/provider.ts';
import type { SocketClose } from '../../sdk/sockets/socket.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { readFailure, recordFailure } from '../../telemetry/error.ts';
import { type ConversationKind, placeAttributes } from '../../telemetry/place.ts';
import { endConversationSpan, startConversationSpan } from '../../telemetry/spans/conversation-span.ts';
import type { Totals } from '../../telemetry/spans/totals.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
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
  readonly #telemetry: Telemetry;
  readonly #startSettings: Settings;
  readonly #kind: ConversationKind;
  readonly #startTime: number;
  readonly #parentSpanId: string | undefined;
  /** `undefined` where spans of conversations are switched off. */
  readonly #span: Span | undefined;

  constructor(telemetry: Telemetry, start: SocketSegmentStart) {
    const { kind, endpoint, context, startTime, attributes, previous } = start;
    const parent = activeSpan(context);
    const links: Link[] = previous === undefined ? [] : [{ context: previous }];
    this.#telemetry = telemetry;
    this.#startSettings = telemetry.settings;
    this.#kind = kind;
    this.#startTime = startTime;
    this.#parentSpanId = parent?.spanContext().spanId;
    const place = { kind, conversationId: undefined };
    const root = parent === undefined;
    this.#span =
      telemetry.settings.conversationSpans === 'never'
        ? undefined
        : startConversationSpan(telemetry, { place, endpoint, parent: context, root, links, startTime });
    this.#span?.setAttributes(attributes);
    this.context = this.#span === undefined ? context : LinkedContext.withSpan(context, this.#span);
  }

  get spanContext(): SpanContext | undefined {
    return this.#span?.spanContext();
  }

  /** Below the session, unless the caller's span is neither the session's parent nor missing: then it stays with that. */
  parentIn(caller: Context): Context {
    if (this.#span === undefined) return caller;
    const id = activeSpan(caller)?.spanContext().spanId;
    return id === undefined || id === this.#parentSpanId
      ? LinkedContext.withSpan(caller, this.#span)
      : caller;
  }

  /** The server has told what the session is. */
  describe(id: string | undefined, attributes: Attributes): void {
    this.#span?.setAttributes({
      ...attributes,
      ...placeAttributes({ kind: this.#kind, conversationId: id }),
    });
  }

  addEvent(name: string, attributes: Attributes, time: number): void {
    this.#span?.addEvent(name, attributes, time);
  }

  end(time: number, totals: Totals, close: SocketClose | undefined): void {
    const span = this.#span;
    if (span === undefined) return;
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
    span.setAttributes(attributes);
    if (close?.isFailure) {
      const settings = operationSettings(this.#startSettings, this.#telemetry.settings);
      recordFailure(span, readFailure(close.error), settings);
    }
    endConversationSpan(span, totals, Math.max(time, this.#startTime));
  }
}
