import type { SpanContext } from '@opentelemetry/api';
import type { Lose, SocketClose, SocketObservation } from '../../sdk/sockets/socket.ts';
import { activeContext } from '../../util/context.ts';
import { field, fieldsOf, numberField, type PayloadObject, row, stringField } from '../../util/payload.ts';
import { AUDIO_PIECE, bytesOf, limitsOf, PIECES, textDelta, withoutSound } from '../dialects/realtime.ts';
import { RealtimeSession, type SessionStart } from './realtime-session.ts';
import { SessionResponses } from './session-responses.ts';

/** Records the sessions of one socket: one session for each connection. */
export class SessionSocket implements SocketObservation {
  readonly #start: SessionStart;
  #responses: SessionResponses;
  #isOpen = true;

  constructor(start: SessionStart) {
    this.#start = start;
    this.#responses = this.#begin(undefined);
  }

  #begin(previous: SpanContext | undefined): SessionResponses {
    const responses = new SessionResponses(new RealtimeSession(this.#start, previous));
    this.#isOpen = true;
    this.#start.tracker.keepSession(this);
    return responses;
  }

  /** @param isLost whether the event will never go out. Only a request for a response is then recorded */
  sent(event: PayloadObject | undefined, isLost: boolean): Lose | undefined {
    const type = field(event, 'type');
    if (event === undefined || typeof type !== 'string') return undefined;
    if (isLost ? !this.#isOpen : !this.#isConnected()) return undefined;
    const { session } = this.#responses;
    if (!isLost) {
      session.counts.sent++;
      if (type !== 'input_audio_buffer.append') session.time = session.clock.now();
    }
    if (type === 'response.create') return this.#responses.requested(event, activeContext());
    if (!isLost) row(SENT, type)?.(event, this.#responses);
    return undefined;
  }

  received(event: unknown): void {
    const type = field(event, 'type');
    if (typeof type !== 'string' || !this.#isConnected()) return;
    const responses = this.#responses;
    const { session } = responses;
    session.counts.received++;
    // Most events are pieces of an answer.
    if (!type.startsWith('response.') || !type.endsWith('.delta')) {
      session.time = session.clock.now();
      row(RECEIVED, type)?.(event as object, responses);
      return;
    }
    const id = stringField(event, 'response_id');
    const piece = row(PIECES, type);
    if (piece === 'audio') responses.piece(id, AUDIO_PIECE, bytesOf(field(event, 'delta')), false);
    else {
      const isText = piece === 'text';
      responses.piece(id, isText && session.content ? textDelta(event) : { type }, 0, isText);
    }
  }

  /** Whether there is a session. After a reconnection, the first event begins a new one. */
  #isConnected(): boolean {
    if (this.#isOpen) return true;
    if (this.#start.tracker.telemetry.isDisabled) return false;
    this.#responses = this.#begin(this.#responses.session.record?.span.spanContext());
    return true;
  }

  /** @param close not set if the session ends although its socket may be open */
  closed(close?: SocketClose): void {
    // A hook or span processor that runs while a response is recorded may close the socket.
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#start.tracker.sessions.delete(this);
    const { session } = this.#responses;
    const last = Math.max(this.#responses.end(close), session.time);
    session.endSpan(close, close === undefined ? last : session.clock.now());
  }
}

type Read = (event: object, responses: SessionResponses) => void;

const SENT: Readonly<Record<string, Read>> = {
  'input_audio_buffer.append': (event, { speech }) => speech.audioSent(bytesOf(field(event, 'audio'))),
  'session.update': (event, { session }) => session.defaults.sent(event),
  'conversation.item.create': (event, { speech }) => speech.itemBrought(withoutSound(field(event, 'item'))),
  'conversation.item.truncate': (event, responses) => responses.truncated(event),
  'input_audio_buffer.commit': (_, { speech }) => speech.committing(),
  'input_audio_buffer.clear': (_, { speech }) => speech.cleared(),
};

const readSessionEvent: Read = (event, { session }) =>
  session.described(field(event, 'session'), field(event, 'type') === 'session.updated');
const readItemEvent: Read = (event, responses) => responses.item(event);
const readTranscriptEvent: Read = (event, { speech }) => speech.transcribed(event);

const RECEIVED: Readonly<Record<string, Read>> = {
  'session.created': readSessionEvent,
  'session.updated': readSessionEvent,
  'session.started': readSessionEvent,
  'transcription_session.created': readSessionEvent,
  'transcription_session.updated': readSessionEvent,
  'response.created': (event, responses) => responses.created(field(event, 'response')),
  'response.output_item.added': readItemEvent,
  'response.output_item.done': readItemEvent,
  'response.function_call_arguments.done': readArguments,
  'response.done': (event, responses) => responses.done(event),
  'input_audio_buffer.speech_started': (event, { speech }) =>
    speech.speechStarted(numberField(event, 'audio_start_ms')),
  'input_audio_buffer.speech_stopped': (event, { speech }) =>
    speech.speechStopped(stringField(event, 'item_id'), numberField(event, 'audio_end_ms')),
  'input_audio_buffer.committed': (event, { speech }) => speech.committed(stringField(event, 'item_id')),
  'conversation.item.input_audio_transcription.completed': readTranscriptEvent,
  'conversation.item.input_audio_transcription.failed': readTranscriptEvent,
  'rate_limits.updated': (event, responses) => responses.limits(limitsOf(event)),
  error: readRejection,
};

function readRejection(event: object, responses: SessionResponses): void {
  const { session } = responses;
  const error = field(event, 'error');
  session.counts.errors++;
  session.defaults.rejected(stringField(error, 'event_id'));
  responses.failed(error);
}

/** Treats a function as done once its arguments are complete: a program may run it and answer before its item is done. */
function readArguments(event: object, responses: SessionResponses): void {
  const { item_id: id, ...call } = fieldsOf(event);
  const type = 'response.output_item.done';
  if (call.name) responses.item({ ...call, type, item: { ...call, id, type: 'function_call' } });
}
