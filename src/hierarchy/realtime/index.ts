import type { Context } from '@opentelemetry/api';
import type { Lose, SocketClose, SocketObservation } from '../../sdk/sockets/socket.ts';
import { activeContext } from '../../util/context.ts';
import { field, fieldsOf, numberField, type PayloadObject, row, stringField } from '../../util/payload.ts';
import {
  AUDIO_PIECE,
  bytesOf,
  isAnswerPiece,
  isAudioDelta,
  isAudioPiece,
  isRequest,
  isTextDelta,
  limitsOf,
  textDelta,
  withoutSound,
} from '../dialects/realtime.ts';
import { SessionResponses } from './responses.ts';
import { RealtimeSession, type SessionStart } from './session.ts';
import { UserSpeech } from './speech.ts';

/** Records the sessions of one socket: one session for each connection. */
export class SessionSocket implements SocketObservation {
  readonly #start: SessionStart;
  #session: ObservedSession;

  constructor(start: SessionStart) {
    this.#start = start;
    this.#session = new ObservedSession(start, undefined);
  }

  sent(event: PayloadObject | undefined, isLost: boolean): Lose | undefined {
    const type = field(event, 'type');
    if (event === undefined || typeof type !== 'string') return undefined;
    if (!isLost) return this.#connected()?.sent(type, event, activeContext());
    return this.#session.isOpen ? this.#session.lost(type, event, activeContext()) : undefined;
  }

  received(event: unknown): void {
    const type = field(event, 'type');
    if (typeof type === 'string') this.#connected()?.received(type, event as object);
  }

  closed(close: SocketClose): void {
    this.#session.end(close);
  }

  /** The session of the current connection. After a reconnection, a new one begins with its first event. */
  #connected(): ObservedSession | undefined {
    if (this.#session.isOpen) return this.#session;
    if (this.#start.tracker.telemetry.isDisabled) return undefined;
    this.#session = new ObservedSession(this.#start, this.#session.record?.span.spanContext());
    return this.#session;
  }
}

/** A session with the recorders of what the user says and of the responses. */
class ObservedSession extends RealtimeSession {
  readonly speech: UserSpeech = new UserSpeech(this);
  readonly responses: SessionResponses = new SessionResponses(this, this.speech);
  isOpen = true;

  constructor(...start: ConstructorParameters<typeof RealtimeSession>) {
    super(...start);
    this.start.tracker.keepSession(this);
  }

  sent(type: string, event: object, caller: Context): Lose | undefined {
    this.counts.sent++;
    this.caller = caller;
    if (!isAudioPiece(type)) this.time = this.clock.now();
    if (isRequest(type)) return this.responses.requested(event);
    row(SENT, type)?.(event, this);
    return undefined;
  }

  /** Called for an event that will never go out. Only a request for a response is recorded. */
  lost(type: string, event: object, caller: Context): Lose | undefined {
    this.caller = caller;
    return isRequest(type) ? this.responses.requested(event) : undefined;
  }

  received(type: string, event: object): void {
    this.counts.received++;
    if (!isAnswerPiece(type)) {
      this.time = this.clock.now();
      row(RECEIVED, type)?.(event, this);
      return;
    }
    const id = stringField(event, 'response_id');
    if (isAudioDelta(type)) this.responses.piece(id, AUDIO_PIECE, bytesOf(field(event, 'delta')), false);
    else {
      const isText = isTextDelta(type);
      this.responses.piece(id, isText && this.content ? textDelta(event) : { type }, 0, isText);
    }
  }

  failed(error: unknown): void {
    this.counts.errors++;
    this.defaults.rejected(stringField(error, 'event_id'));
    this.responses.failed(error);
  }

  /** Ends the session at shutdown or exit. */
  close(): void {
    this.end(undefined);
  }

  end(close: SocketClose | undefined): void {
    // A hook or span processor that runs while a response is recorded may close the socket.
    if (!this.isOpen) return;
    this.isOpen = false;
    const last = Math.max(this.responses.end(close), this.time);
    this.endSpan(close, close === undefined ? last : this.clock.now());
    this.start.tracker.releaseSession(this);
  }
}

type Read = (event: object, session: ObservedSession) => void;

const SENT: Readonly<Record<string, Read>> = {
  'input_audio_buffer.append': (event, { speech }) => speech.audioSent(bytesOf(field(event, 'audio'))),
  'session.update': (event, { defaults }) => defaults.sent(event),
  'conversation.item.create': (event, { speech }) => speech.itemBrought(withoutSound(field(event, 'item'))),
  'conversation.item.truncate': (event, { responses }) => responses.truncated(event),
  'input_audio_buffer.commit': (_, { speech }) => speech.committing(),
  'input_audio_buffer.clear': (_, { speech }) => speech.cleared(),
};

const readSessionEvent: Read = (event, session) =>
  session.described(field(event, 'session'), field(event, 'type') === 'session.updated');
const readItemEvent: Read = (event, { responses }) => responses.item(event);
const readTranscriptEvent: Read = (event, { speech }) => speech.transcribed(event);

const RECEIVED: Readonly<Record<string, Read>> = {
  'session.created': readSessionEvent,
  'session.updated': readSessionEvent,
  'session.started': readSessionEvent,
  'transcription_session.created': readSessionEvent,
  'transcription_session.updated': readSessionEvent,
  'response.created': (event, { responses }) => responses.created(field(event, 'response')),
  'response.output_item.added': readItemEvent,
  'response.output_item.done': readItemEvent,
  'response.function_call_arguments.done': readArguments,
  'response.done': (event, { responses }) => responses.done(event),
  'input_audio_buffer.speech_started': (event, { speech }) =>
    speech.speechStarted(numberField(event, 'audio_start_ms')),
  'input_audio_buffer.speech_stopped': (event, { speech }) =>
    speech.speechStopped(stringField(event, 'item_id'), numberField(event, 'audio_end_ms')),
  'input_audio_buffer.committed': (event, { speech }) => speech.committed(stringField(event, 'item_id')),
  'conversation.item.input_audio_transcription.completed': readTranscriptEvent,
  'conversation.item.input_audio_transcription.failed': readTranscriptEvent,
  'rate_limits.updated': (event, { responses }) => responses.limits(limitsOf(event)),
  error: (event, session) => session.failed(field(event, 'error')),
};

/**
 * Treats a function as done once its arguments are complete: a program may run it and answer before its item is done.
 */
function readArguments(event: object, { responses }: ObservedSession): void {
  const { item_id: id, ...call } = fieldsOf(event);
  const type = 'response.output_item.done';
  if (call.name) responses.item({ ...call, type, item: { ...call, id, type: 'function_call' } });
}
