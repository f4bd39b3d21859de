import type { SpanContext } from '@opentelemetry/api';
import type { ClientEndpoint } from '../../sdk/provider.ts';
import type { OpenedSocket, SocketClose, SocketObservation } from '../../sdk/sockets/socket.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { now } from '../../util/clock.ts';
import { activeContext } from '../../util/context.ts';
import { field, type PayloadObject } from '../../util/payload.ts';
import type { Shelf } from '../store.ts';
import type { ToolCalls } from '../tool-calls/tool-calls.ts';
import type { ConversationTracker } from '../tracker.ts';
import { RealtimeSession } from './session.ts';

/** A socket that has claimed to record a response or transcript. */
interface Claimant {
  sessionId: string | undefined;
  isOpen: boolean;
}

/** Records the sessions that programs have over sockets. */
export class Realtime {
  readonly telemetry: Telemetry;
  readonly tracker: ConversationTracker;
  readonly toolCalls: ToolCalls;
  /**
   * The socket that records a response or transcript, by its id. Two sockets of one session receive the same events.
   */
  readonly claimed: Shelf<Claimant>;

  constructor(telemetry: Telemetry, tracker: ConversationTracker, toolCalls: ToolCalls) {
    this.telemetry = telemetry;
    this.tracker = tracker;
    this.toolCalls = toolCalls;
    this.claimed = tracker.store.shelf();
  }

  open(socket: OpenedSocket, endpoint: ClientEndpoint): SocketObservation {
    return new SessionSocket(this, socket, endpoint);
  }
}

/** Records the sessions of one socket: one session for each connection. */
class SessionSocket implements SocketObservation {
  readonly #realtime: Realtime;
  readonly #socket: OpenedSocket;
  readonly #endpoint: ClientEndpoint;
  readonly #claimant: Claimant = { sessionId: undefined, isOpen: false };
  #session: RealtimeSession | undefined;
  #previous: SpanContext | undefined;
  #sessions = 0;

  constructor(realtime: Realtime, socket: OpenedSocket, endpoint: ClientEndpoint) {
    this.#realtime = realtime;
    this.#socket = socket;
    this.#endpoint = endpoint;
    this.#session = this.#open();
  }

  sent(event: PayloadObject | undefined): void {
    const type = field(event, 'type');
    if (event !== undefined && typeof type === 'string')
      this.#connected()?.sent(type, event, activeContext());
  }

  notSent(event: PayloadObject | undefined, error: unknown): void {
    this.#session?.notSent(event, activeContext(), error);
  }

  received(event: unknown): void {
    const type = field(event, 'type');
    if (typeof type === 'string') this.#connected()?.received(type, event as object);
  }

  closed(close: SocketClose): void {
    this.#session?.end(close);
  }

  /** The session of the current connection. After a reconnection, a new one begins with its first event. */
  #connected(): RealtimeSession | undefined {
    if (!this.#realtime.telemetry.isDisabled) this.#session ??= this.#open();
    return this.#session;
  }

  #open(): RealtimeSession {
    const { telemetry, tracker, toolCalls } = this.#realtime;
    const start = {
      telemetry,
      tracker,
      toolCalls,
      socket: this.#socket,
      endpoint: this.#endpoint,
      startTime: this.#sessions++ === 0 ? this.#socket.time : now(),
      previous: this.#previous,
      claims: (id: string, sessionId: string | undefined) => this.#claims(id, sessionId),
    };
    const session = new RealtimeSession(start, (ended) => this.#released(ended));
    this.#previous = session.spanContext;
    this.#claimant.isOpen = true;
    tracker.keepSession(session);
    return session;
  }

  #claims(id: string, sessionId: string | undefined): boolean {
    const { claimed } = this.#realtime;
    const { origin } = this.#endpoint;
    const own = this.#claimant;
    const other = claimed.get(origin, id);
    own.sessionId = sessionId;
    if (other !== undefined && other !== own && isOfSession(other, sessionId)) return false;
    claimed.set(origin, id, own);
    return true;
  }

  #released(session: RealtimeSession): void {
    this.#realtime.tracker.releaseSession(session);
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#claimant.isOpen = false;
  }
}

/**
 * Whether the socket may have the given session. Claims do not count for other sessions, because some servers use the
 * ids of one session again in the next.
 */
function isOfSession({ sessionId, isOpen }: Claimant, id: string | undefined): boolean {
  return sessionId === undefined || id === undefined ? isOpen : sessionId === id;
}
