import type { Context, SpanContext } from '@opentelemetry/api';
import type { Lose, SocketClose, SocketObservation } from '../../sdk/sockets/socket.ts';
import { activeContext } from '../../util/context.ts';
import { field, type PayloadObject, stringField } from '../../util/payload.ts';
import {
  isAnswerPiece,
  isAudioPiece,
  type RealtimeSink,
  readReceived,
  readSent,
} from '../dialects/realtime.ts';
import { SessionResponses } from './responses.ts';
import { RealtimeSession, type SessionStart } from './session.ts';
import { UserSpeech } from './speech.ts';

/** Records the sessions of one socket: one session for each connection. */
export class SessionSocket implements SocketObservation {
  readonly #start: Omit<SessionStart, 'previous'>;
  #session: RecordedSession | undefined;
  #previous: SpanContext | undefined;

  constructor(start: Omit<SessionStart, 'previous' | 'claimant'>) {
    this.#start = { ...start, claimant: { sessionId: undefined, isOpen: false } };
    this.#session = this.#open();
  }

  sent(event: PayloadObject | undefined, isLost: boolean): Lose | undefined {
    const type = field(event, 'type');
    if (event === undefined || typeof type !== 'string') return undefined;
    const session = isLost ? this.#session : this.#connected();
    return session?.sent(type, event, activeContext());
  }

  received(event: unknown): void {
    const type = field(event, 'type');
    if (typeof type === 'string') this.#connected()?.received(type, event as object);
  }

  closed(close: SocketClose): void {
    this.#session?.end(close);
  }

  /** The session of the current connection. After a reconnection, a new one begins with its first event. */
  #connected(): RecordedSession | undefined {
    if (!this.#start.tracker.telemetry.isDisabled) this.#session ??= this.#open();
    return this.#session;
  }

  #open(): RecordedSession {
    const session = new RecordedSession({ ...this.#start, previous: this.#previous }, () => {
      this.#session = undefined;
    });
    this.#previous = session.record?.span.spanContext();
    return session;
  }
}

/** A session with the recorders of what the user says and of the responses. Reads what the connection carries. */
class RecordedSession extends RealtimeSession implements RealtimeSink {
  readonly speech: UserSpeech = new UserSpeech(this);
  readonly responses: SessionResponses = new SessionResponses(this, this.speech);
  readonly #ended: () => void;
  #isOpen = true;

  /** @param ended called once the session has ended */
  constructor(start: SessionStart, ended: () => void) {
    super(start);
    this.#ended = ended;
    this.tracker.keepSession(this);
  }

  sent(type: string, event: object, caller: Context): Lose | undefined {
    this.counts.sent++;
    this.caller = caller;
    if (!isAudioPiece(type)) this.time = this.clock.now();
    return readSent(type, event, this);
  }

  received(type: string, event: object): void {
    this.counts.received++;
    if (!isAnswerPiece(type)) this.time = this.clock.now();
    readReceived(type, event, this);
  }

  failed(error: unknown): void {
    this.counts.errors++;
    this.defaults.rejected(stringField(error, 'event_id'));
    this.responses.failed(error);
  }

  end(close: SocketClose | undefined): void {
    // A hook or span processor that runs while a response is recorded may close the socket.
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const last = Math.max(this.responses.end(close), this.time);
    this.endSpan(close, close === undefined ? last : this.clock.now());
    this.tracker.releaseSession(this);
    this.#ended();
  }

  /** Ends the session at shutdown or exit. */
  close(): void {
    this.end(undefined);
  }
}
