import type { Attributes, Context, SpanContext } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import type { SocketClose } from '../../sdk/sockets/socket.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { readFailure } from '../../telemetry/outcomes/failure.ts';
import { stringField } from '../../util/payload.ts';
import {
  isAnswerPiece,
  isAudioPiece,
  isRequest,
  type RealtimeSink,
  readReceived,
  readSent,
} from '../dialects/realtime.ts';
import { SessionResponses } from './responses.ts';
import { type SessionStart, SessionState } from './session-state.ts';
import { UserSpeech } from './speech.ts';

/**
 * One session over one connection, from its opening to its close, with the speech of the user and the responses. It is
 * never ended for being idle, and may outlive its parent span.
 */
export class RealtimeSession implements RealtimeSink {
  readonly responses: SessionResponses;
  readonly speech: UserSpeech;
  readonly #state: SessionState;
  readonly #released: (session: RealtimeSession) => void;
  readonly #counts = { sent: 0, received: 0, errors: 0 };
  #closed = false;

  /** @param released called once the session has ended */
  constructor(start: SessionStart, released: (session: RealtimeSession) => void) {
    this.#released = released;
    this.#state = new SessionState(start);
    this.speech = new UserSpeech(this.#state);
    this.responses = new SessionResponses(this.#state, this.speech);
  }

  get spanContext(): SpanContext | undefined {
    return this.#state.record?.span.spanContext();
  }

  get content(): boolean {
    return this.#state.content;
  }

  sent(type: string, event: object, caller: Context): void {
    this.#counts.sent++;
    this.#state.caller = caller;
    if (!isAudioPiece(type)) this.#state.time = this.#state.now();
    readSent(type, event, this);
  }

  notSent(event: unknown, caller: Context, error: unknown): void {
    if (isRequest(event)) this.responses.notSent(event, caller, error);
  }

  received(type: string, event: object): void {
    this.#counts.received++;
    if (!isAnswerPiece(type)) this.#state.time = this.#state.now();
    readReceived(type, event, this);
  }

  described(session: unknown, isAnswer: boolean): void {
    this.#state.defaults.told(session, isAnswer);
    this.#state.described(session);
  }

  updateSent(event: object): void {
    this.#state.defaults.sent(event);
  }

  failed(error: unknown): void {
    this.#counts.errors++;
    this.#state.defaults.rejected(stringField(error, 'event_id'));
    this.responses.failed(error);
  }

  end(close: SocketClose | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    const last = Math.max(this.responses.end(close), this.#state.time);
    this.#endSpan(close === undefined ? last : this.#state.now(), close);
    this.#released(this);
  }

  close(): void {
    this.end(undefined);
  }

  #endSpan(time: number, close: SocketClose | undefined): void {
    const { sent, received, errors } = this.#counts;
    const { interruptions, spokenSeconds } = this.responses;
    const { heardSeconds } = this.speech;
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
    const result = this.#state.conversation.totalsAt(Number.POSITIVE_INFINITY);
    this.#state.record?.end({ attributes, result, failure }, time);
  }
}
