import type { Context, SpanContext } from '@opentelemetry/api';
import { defined } from '../../operations/attributes.ts';
import { conversation } from '../../operations/conversation.ts';
import type { ClientEndpoint } from '../../sdk/provider.ts';
import type { OpenedSocket, SocketClose } from '../../sdk/sockets/socket.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { textLimits } from '../../telemetry/content/kept-content.ts';
import type { Totals } from '../../telemetry/cost/usage.ts';
import { readThrown } from '../../telemetry/outcomes/failure.ts';
import { type Place, placeAttributes } from '../../telemetry/place-attributes.ts';
import { OperationRecord } from '../../telemetry/record.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { LastingClock, now } from '../../util/clock.ts';
import { LinkedContext } from '../../util/context.ts';
import { asName } from '../../util/payload.ts';
import { activeSpan, Conversation } from '../conversations/conversation.ts';
import { readSessionFacts, type SessionFacts } from '../dialects/realtime.ts';
import type { Shelf } from '../store.ts';
import type { ConversationTracker } from '../tracker.ts';
import { ResponseDefaults } from './response-defaults.ts';

export interface SessionStart {
  readonly tracker: ConversationTracker;
  /** Which connection records a response or transcript, by session and id. Other sockets may get the same one. */
  readonly claimed: Shelf<symbol>;
  readonly socket: OpenedSocket;
  readonly endpoint: ClientEndpoint;
}

/**
 * One session over one connection: its span, and the state that the recorders of speech and responses share.
 * It is never ended for being idle, and may outlive its parent span.
 */
export class RealtimeSession {
  readonly start: SessionStart;
  readonly telemetry: Telemetry;
  readonly endpoint: ClientEndpoint;
  readonly context: Context;
  readonly parentSpanId: string | undefined;
  /** `undefined` where spans of conversations are switched off. */
  readonly record: OperationRecord<Place, Totals> | undefined;
  readonly defaults: ResponseDefaults;
  /** How many events and errors there were, how many responses the user has interrupted, and seconds of audio. */
  readonly counts = { sent: 0, received: 0, errors: 0, interruptions: 0, heardSeconds: 0, spokenSeconds: 0 };
  facts: SessionFacts = readSessionFacts(undefined);
  model: string | undefined;
  conversation: Conversation;
  /** The time of the last event, not counting pieces of audio and of answers. */
  time: number;
  /** A session may last long, and the wall clock may be set meanwhile. */
  readonly clock: LastingClock = new LastingClock();
  readonly #kind: 'realtime' | 'live';
  /** Identifies the connection, whose context and client must not be kept after its close. */
  readonly #claimant = Symbol();

  /** @param previous the span of the session over the previous connection of the same socket */
  constructor(start: SessionStart, previous: SpanContext | undefined) {
    const { socket, endpoint } = start;
    const { telemetry } = start.tracker;
    const { context, parameters } = socket;
    const kind = socket.kind === 'live' ? 'live' : 'realtime';
    this.#kind = kind;
    this.start = start;
    this.telemetry = telemetry;
    this.endpoint = endpoint;
    this.model = endpoint.deployment ?? asName(parameters.model);
    const parent = activeSpan(context);
    this.parentSpanId = parent?.spanContext().spanId;
    if (telemetry.settings.conversationSpans !== 'never')
      this.record = new OperationRecord(telemetry, {
        operation: conversation,
        request: { kind, conversationId: undefined },
        endpoint,
        place: { parent: context, links: previous === undefined ? [] : [{ context: previous }] },
        isRoot: parent === undefined,
        startTime: previous === undefined ? socket.time : now(),
      });
    const attributes = defined({
      [ATTR.OPENAI_REALTIME_SESSION_TYPE]: sessionTypeOf(socket),
      [ATTR.GEN_AI_REQUEST_MODEL]: this.model,
    });
    this.record?.add({ attributes });
    this.context = this.contextIn(context);
    this.conversation = new Conversation('', start.tracker.store);
    this.time = this.clock.now();
    this.defaults = new ResponseDefaults(() => (this.content ? textLimits(telemetry.settings) : undefined));
  }

  get content(): boolean {
    return this.telemetry.wantsContent;
  }

  get place(): Place {
    return { kind: this.#kind, conversationId: this.facts.id };
  }

  described(session: unknown, isAnswer: boolean): void {
    this.defaults.reported(session, isAnswer);
    const facts = readSessionFacts(session);
    const known = this.facts.id;
    this.facts = { ...facts, id: known ?? facts.id };
    this.model = facts.model ?? this.model;
    this.record?.add({ attributes: { ...facts.attributes, ...placeAttributes(this.place) } });
    if (known !== undefined || facts.id === undefined) return;
    // The program may send its first message before the server reports the session.
    const { totals } = this.conversation;
    this.conversation = this.start.tracker.conversation(this.#kind, facts.id, this.endpoint.origin);
    this.conversation.count({ ...totals, spent: totals });
  }

  contextIn(context: Context): Context {
    return this.record === undefined ? context : LinkedContext.withSpan(context, this.record.span);
  }

  /** Another socket of the session may have claimed the response or transcript first, and then records it. */
  claims(id: string): boolean {
    if (this.facts.id === undefined) return true;
    const { claimed, endpoint } = this.start;
    const key = `${this.facts.id} ${id}`;
    const first = claimed.get(endpoint.origin, key) ?? this.#claimant;
    claimed.set(endpoint.origin, key, first);
    return first === this.#claimant;
  }

  endSpan(close: SocketClose | undefined, time: number): void {
    const { sent, received, errors, interruptions, heardSeconds, spokenSeconds } = this.counts;
    const attributes = defined({
      [ATTR.OPENAI_SOCKET_SENT_EVENTS]: sent,
      [ATTR.OPENAI_SOCKET_RECEIVED_EVENTS]: received,
      [ATTR.OPENAI_SOCKET_ERROR_COUNT]: errors || undefined,
      [ATTR.OPENAI_REALTIME_INTERRUPTION_COUNT]: interruptions || undefined,
      [ATTR.OPENAI_REALTIME_INPUT_AUDIO_DURATION]: heardSeconds || undefined,
      [ATTR.OPENAI_REALTIME_OUTPUT_AUDIO_DURATION]: spokenSeconds || undefined,
      [ATTR.OPENAI_SOCKET_CLOSE_CODE]: close?.code,
    });
    const failure = close?.isFailure ? readThrown(close.error) : undefined;
    const { totals: result } = this.conversation;
    this.record?.end({ attributes, result, failure }, time);
  }
}

function sessionTypeOf({ kind, parameters }: OpenedSocket): string {
  if (kind === 'realtime') return parameters.intent === 'transcription' ? 'transcription' : 'realtime';
  return kind === 'translation' ? 'translation' : 'live';
}
