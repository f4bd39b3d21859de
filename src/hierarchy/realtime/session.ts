import type { Context } from '@opentelemetry/api';
import type { SocketClose } from '../../sdk/sockets/socket.ts';
import { arrayField, field, fieldsOf, first, stringField } from '../../util/payload.ts';
import { readItemResults } from '../dialects/responses.ts';
import { SessionInterruptions } from './interruptions.ts';
import { SessionResponses } from './responses.ts';
import { type SessionStart, SessionState } from './session-state.ts';
import { SessionSpeech } from './speech.ts';

/** One session over one connection: what its events say, event by event. */
export class RealtimeSession {
  readonly state: SessionState;
  readonly #released: () => void;
  readonly #speech: SessionSpeech;
  readonly #responses: SessionResponses;
  readonly #interruptions: SessionInterruptions;
  #lastActivity: number;
  #closed = false;

  constructor(start: SessionStart, released: () => void) {
    this.state = new SessionState(start);
    this.#released = released;
    this.#lastActivity = this.state.clock.now();
    this.#speech = new SessionSpeech(this.state);
    this.#responses = new SessionResponses(this.state, this.#speech);
    this.#interruptions = new SessionInterruptions(start.segment, this.state.clock);
  }

  sent(type: string, event: object, caller: Context): void {
    const { start, clock, facts, defaults } = this.state;
    const { counts } = start.segment;
    counts.sent++;
    if (type === 'input_audio_buffer.append') {
      const audio = field(event, 'audio');
      if (typeof audio === 'string') counts.heardSeconds += (audio.length * 0.75) / facts.inputRate;
      this.#speech.sendingSince ??= clock.now();
      return;
    }
    this.#lastActivity = clock.now();
    this.#responses.sentOther();
    if (type === 'response.create') this.#responses.request(event, caller);
    else if (type === 'session.update') defaults.sent(event);
    else if (type === 'conversation.item.create') this.#brought(field(event, 'item'));
    else if (type === 'conversation.item.truncate') this.#interruptions.truncated(event);
    else if (type === 'input_audio_buffer.commit') this.#speech.committing();
    else if (type === 'input_audio_buffer.clear') this.#speech.cleared();
  }

  notSent(error: unknown): void {
    this.#responses.notSent(error);
  }

  received(type: string, event: unknown): void {
    const { start, facts } = this.state;
    const { counts } = start.segment;
    counts.received++;
    if (type === 'response.output_audio.delta' || type === 'response.audio.delta') {
      const audio = field(event, 'delta');
      if (typeof audio === 'string') counts.spokenSeconds += (audio.length * 0.75) / facts.outputRate;
      this.#responses.audio(event);
    } else if (type.startsWith('response.') && type.endsWith('.delta')) this.#responses.text(type, event);
    else this.#see(type, event);
  }

  end(close: SocketClose | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    const { start, clock, conversation } = this.state;
    const last = Math.max(this.#responses.end(close), this.#lastActivity);
    const isTold = close !== undefined && !close.isLate;
    start.segment.end(isTold ? clock.now() : last, conversation.totalsAt(Number.POSITIVE_INFINITY), close);
    this.#released();
  }

  close(): void {
    this.end(undefined);
  }

  #see(type: string, event: unknown): void {
    const { state } = this;
    const time = state.clock.now();
    this.#lastActivity = time;
    switch (type) {
      case 'session.created':
      case 'session.updated':
      case 'session.started':
      case 'transcription_session.created':
      case 'transcription_session.updated':
        state.described(field(event, 'session'), type === 'session.updated');
        break;
      case 'response.created':
        this.#responses.created(event);
        break;
      case 'response.output_item.added':
      case 'response.output_item.done':
        this.#interruptions.item(event);
        this.#responses.item(event, time);
        break;
      case 'response.function_call_arguments.done':
        this.#responses.called(event, time);
        break;
      case 'response.done':
        this.#interruptions.answered(field(event, 'response'), this.#responses.done(event));
        break;
      case 'input_audio_buffer.speech_started':
        this.#speech.started(event, time);
        break;
      case 'input_audio_buffer.speech_stopped':
        this.#speech.stopped(event, time);
        this.#responses.settleError();
        break;
      case 'input_audio_buffer.committed':
        this.#speech.committed(event, time);
        break;
      case 'conversation.item.input_audio_transcription.completed':
      case 'conversation.item.input_audio_transcription.failed':
        this.#speech.transcribed(event, time);
        break;
      case 'rate_limits.updated':
        this.#responses.limits(event);
        break;
      case 'error':
        state.start.segment.counts.errors++;
        state.defaults.rejected(stringField(field(event, 'error'), 'event_id'));
        this.#responses.failed(field(event, 'error'));
        break;
    }
  }

  /** The program adds an item: a message, or the result of a function. */
  #brought(item: unknown): void {
    const { state } = this;
    const { telemetry, toolCalls, endpoint, segment } = state.start;
    if (field(item, 'type') === 'message' && field(item, 'role') === 'user')
      state.conversation.countUserMessages(1);
    if (toolCalls.areAwaited)
      toolCalls.answer(readItemResults({ input: [item] }), {
        origin: endpoint.origin,
        conversationId: state.facts.id,
        time: state.clock.now(),
        parent: segment.context,
      });
    if (telemetry.wantsContent) state.say(withoutSound(item));
  }
}

/** An item without its audio, which is large and never recorded. */
function withoutSound(item: unknown): unknown {
  const content = arrayField(item, 'content');
  if (content.length === 0) return item;
  const kept = first(content).map((part) =>
    field(part, 'audio') === undefined
      ? part
      : { type: field(part, 'type'), transcript: field(part, 'transcript') },
  );
  return { ...fieldsOf(item), content: kept };
}
