import type { Attributes, Context, SpanContext } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import { conversation } from '../../operations/conversation.ts';
import type { ClientEndpoint } from '../../sdk/provider.ts';
import type { OpenedSocket } from '../../sdk/sockets/socket.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { textLimits } from '../../telemetry/content/kept.ts';
import type { Totals } from '../../telemetry/cost/usage.ts';
import { type Place, placeAttributes } from '../../telemetry/place.ts';
import { OperationRecord } from '../../telemetry/record.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { LastingClock, type SpanClock } from '../../util/clock.ts';
import { LinkedContext } from '../../util/context.ts';
import { asName } from '../../util/payload.ts';
import { activeSpan, Conversation } from '../conversations/conversation.ts';
import { ResponseDefaults, readSessionFacts, type SessionFacts } from '../dialects/realtime.ts';
import type { ToolCalls } from '../tool-calls/tool-calls.ts';
import type { ConversationTracker } from '../tracker.ts';

export interface SessionStart {
  readonly telemetry: Telemetry;
  readonly tracker: ConversationTracker;
  readonly toolCalls: ToolCalls;
  readonly socket: OpenedSocket;
  readonly endpoint: ClientEndpoint;
  readonly startTime: number;
  /** The session span of the previous connection on the same socket. */
  readonly previous: SpanContext | undefined;
  /** Whether this socket records a response or transcript. It does not if another socket of the session does. */
  readonly claims: (id: string, sessionId: string | undefined) => boolean;
}

/** The state of a session, which the recorders of its speech and its responses share. */
export class SessionState {
  readonly telemetry: Telemetry;
  readonly toolCalls: ToolCalls;
  readonly client: object;
  readonly endpoint: ClientEndpoint;
  /** The context in which the session's span is active. */
  readonly context: Context;
  /** `undefined` where spans of conversations are switched off. */
  readonly record: OperationRecord<Place, Totals> | undefined;
  /** What the session sets for its responses. */
  readonly defaults: ResponseDefaults;
  facts: SessionFacts = readSessionFacts(undefined);
  model: string | undefined;
  conversation: Conversation;
  /** The context in which the program sent its last event. */
  caller: Context;
  /** The time of the last event, not counting pieces of audio and of answers. */
  time: number;
  readonly #kind: 'realtime' | 'live';
  readonly #tracker: ConversationTracker;
  readonly #claims: SessionStart['claims'];
  readonly #parentSpanId: string | undefined;
  /** A session may last long, and the wall clock may be set meanwhile. */
  readonly #clock = new LastingClock();

  constructor(start: SessionStart) {
    const { telemetry, socket, endpoint, previous, startTime } = start;
    const { client, context, parameters } = socket;
    const kind = socket.kind === 'live' ? 'live' : 'realtime';
    this.#kind = kind;
    this.#tracker = start.tracker;
    this.#claims = start.claims;
    this.telemetry = telemetry;
    this.toolCalls = start.toolCalls;
    this.client = client;
    this.endpoint = endpoint;
    this.model = endpoint.deployment ?? asName(parameters.model);
    const parent = activeSpan(context);
    this.#parentSpanId = parent?.spanContext().spanId;
    if (telemetry.settings.conversationSpans !== 'never')
      this.record = new OperationRecord(telemetry, {
        operation: conversation,
        request: { kind, conversationId: undefined },
        endpoint,
        place: { parent: context, links: previous === undefined ? [] : [{ context: previous }] },
        isRoot: parent === undefined,
        startTime,
      });
    const attributes: Attributes = { [ATTR.OPENAI_REALTIME_SESSION_TYPE]: sessionTypeOf(socket) };
    define(attributes, ATTR.GEN_AI_REQUEST_MODEL, this.model);
    this.record?.add({ attributes });
    this.context = this.record === undefined ? context : LinkedContext.withSpan(context, this.record.span);
    this.caller = this.context;
    this.conversation = new Conversation(kind, '');
    this.time = this.now();
    this.defaults = new ResponseDefaults(() => (this.content ? textLimits(telemetry.settings) : undefined));
  }

  get content(): boolean {
    return this.telemetry.wantsContent;
  }

  get place(): Place {
    return { kind: this.#kind, conversationId: this.facts.id };
  }

  get spanClock(): SpanClock {
    return this.#clock.current;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Called when the server describes the session. */
  described(session: unknown): void {
    const facts = readSessionFacts(session);
    const known = this.facts.id;
    this.facts = { ...facts, id: known ?? facts.id };
    this.model = facts.model ?? this.model;
    this.record?.add({ attributes: { ...facts.attributes, ...placeAttributes(this.place) } });
    if (known === undefined && facts.id !== undefined)
      this.conversation = this.#tracker.conversation(this.#kind, facts.id, this.endpoint.origin);
  }

  /**
   * The context for an operation of the session. Its parent is the session's span. But if the caller's active span is
   * not the parent of the session, that span is the parent.
   */
  parentIn(caller: Context): Context {
    if (this.record === undefined) return caller;
    const id = activeSpan(caller)?.spanContext().spanId;
    return id === undefined || id === this.#parentSpanId
      ? LinkedContext.withSpan(caller, this.record.span)
      : caller;
  }

  /** Whether this socket records the response or transcript. It does not if another socket of the session does. */
  claims(id: string): boolean {
    return this.#claims(id, this.facts.id);
  }
}

function sessionTypeOf({ kind, parameters }: OpenedSocket): string {
  if (kind === 'realtime') return parameters.intent === 'transcription' ? 'transcription' : 'realtime';
  return kind === 'translation' ? 'translation' : 'live';
}
