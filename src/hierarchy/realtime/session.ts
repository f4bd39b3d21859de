import type { Context } from '@opentelemetry/api';
import type { ClientEndpoint } from '../../sdk/provider.ts';
import type { SocketClose } from '../../sdk/sockets/socket.ts';
import type { Spent } from '../../telemetry/cost/spent.ts';
import { textLimits } from '../../telemetry/kept-text.ts';
import type { Place } from '../../telemetry/place.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { LastingClock } from '../../util/clock.ts';
import { arrayField, field, fieldsOf, first, MAX_REPEATED, stringField } from '../../util/payload.ts';
import { Conversation } from '../conversations/conversation.ts';
import type { Member } from '../reads/closing-reads.ts';
import { readItemResults } from '../tool-calls/item-results.ts';
import type { ToolCalls } from '../tool-calls/tool-calls.ts';
import type { ConversationTracker } from '../tracker.ts';
import { SessionInterruptions } from './interruptions.ts';
import type { OpenResponse } from './open-response.ts';
import { ResponseDefaults } from './response-defaults.ts';
import { SessionResponses } from './responses.ts';
import type { SocketSegment } from './segment.ts';
import { readSessionFacts } from './session-facts.ts';
import { SessionSpeech } from './speech.ts';

/** Where the responses of a session stand, and what they have in common. */
export interface SessionPlace {
  readonly client: object;
  readonly endpoint: ClientEndpoint;
  readonly context: Context;
  readonly model: string | undefined;
  readonly outputRate: number;
  readonly defaults: object;
  readonly clock: LastingClock;
  parentIn(caller: Context): Context;
  of(): Place;
  /** What was said and brought since the last response; `takes` if the next one does not answer it again. */
  said(takes: boolean): readonly unknown[];
}

export interface SessionStart {
  readonly telemetry: Telemetry;
  readonly tracker: ConversationTracker;
  readonly toolCalls: ToolCalls;
  readonly segment: SocketSegment;
  readonly client: object;
  readonly endpoint: ClientEndpoint;
  readonly model: string | undefined;
  readonly kind: 'realtime' | 'live';
  /** Whether no other socket has this response, or this transcript. */
  readonly claims: (id: string) => boolean;
  readonly released: (session: RealtimeSession) => void;
}

/** One session over one connection: what its events say, event by event. */
export class RealtimeSession implements Member {
  readonly place: SessionPlace;
  readonly toolCalls: ToolCalls;
  readonly claims: (id: string) => boolean;
  readonly #start: SessionStart;
  readonly #responses: SessionResponses;
  #facts = readSessionFacts(undefined);
  readonly #defaults: ResponseDefaults;
  #conversation: Conversation;
  #model: string | undefined;
  /** Events come for as long as the socket is open. */
  readonly #clock = new LastingClock();
  #lastActivity = this.#clock.now();
  #input: unknown[] = [];
  readonly #speech: SessionSpeech;
  readonly #interruptions: SessionInterruptions;
  #closed = false;

  constructor(start: SessionStart) {
    const { telemetry, segment, client, endpoint, kind } = start;
    this.#start = start;
    this.#model = start.model;
    this.toolCalls = start.toolCalls;
    this.claims = start.claims;
    this.#conversation = new Conversation(kind, '');
    this.#defaults = new ResponseDefaults(() =>
      telemetry.wantsContent ? textLimits(telemetry.settings) : undefined,
    );
    const session = this;
    this.place = {
      client,
      endpoint,
      clock: this.#clock,
      context: segment.context,
      get model() {
        return session.#model;
      },
      get outputRate() {
        return session.#facts.outputRate;
      },
      get defaults() {
        return session.#defaults.current;
      },
      parentIn: (caller) => segment.parentIn(caller),
      of: () => ({ kind, conversationId: session.#facts.id }),
      said: (takes) => (takes ? session.#input.splice(0) : [...session.#input]),
    };
    this.#responses = new SessionResponses(telemetry, this);
    this.#interruptions = new SessionInterruptions(segment, this.#clock);
    this.#speech = new SessionSpeech({
      telemetry,
      segment,
      place: this.place,
      spoke: () => this.#conversation.countUserMessages(1),
      spent: (spent) => this.#conversation.spent(spent),
      claims: start.claims,
      say: (item) => this.#say(item),
    });
  }

  sent(type: string, event: object, caller: Context): void {
    const { counts } = this.#start.segment;
    counts.sent++;
    if (type === 'input_audio_buffer.append') {
      const audio = field(event, 'audio');
      if (typeof audio === 'string') counts.heardSeconds += (audio.length * 0.75) / this.#facts.inputRate;
      this.#speech.sendingSince ??= this.#clock.now();
      return;
    }
    this.#lastActivity = this.#clock.now();
    this.#responses.sentOther();
    if (type === 'response.create') this.#responses.request(event, caller);
    else if (type === 'session.update') this.#defaults.sent(event);
    else if (type === 'conversation.item.create') this.#brought(field(event, 'item'));
    else if (type === 'conversation.item.truncate') this.#interruptions.truncated(event);
    else if (type === 'input_audio_buffer.commit') this.#speech.committing();
    else if (type === 'input_audio_buffer.clear') this.#speech.cleared();
  }

  notSent(error: unknown): void {
    this.#responses.notSent(error);
  }

  received(type: string, event: unknown): void {
    const { counts } = this.#start.segment;
    counts.received++;
    if (type === 'response.output_audio.delta' || type === 'response.audio.delta') {
      const audio = field(event, 'delta');
      if (typeof audio === 'string') counts.spokenSeconds += (audio.length * 0.75) / this.#facts.outputRate;
      this.#responses.audio(event);
    } else if (type.startsWith('response.') && type.endsWith('.delta')) this.#responses.text(type, event);
    else this.#see(type, event);
  }

  end(close: SocketClose | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    const { segment, released } = this.#start;
    const last = Math.max(this.#responses.end(close), this.#lastActivity);
    const isTold = close !== undefined && !close.isLate;
    segment.end(
      isTold ? this.#clock.now() : last,
      this.#conversation.totalsAt(Number.POSITIVE_INFINITY),
      close,
    );
    released(this);
  }

  close(): void {
    this.end(undefined);
  }

  /** It outlives the span above it, as its socket does. */
  closeIfFinished(): void {}

  overdue(): boolean {
    return false;
  }

  /** When the speech that the next response answers has ended. */
  takeEndOfSpeech(): number | undefined {
    return this.#speech.takeEnd();
  }

  /** A response within the conversation has begun. */
  answering({ heard }: OpenResponse): void {
    this.#speech.answering(heard);
  }

  spent(spent: Spent): void {
    this.#conversation.startedRun();
    this.#conversation.spent(spent);
  }

  /** A response has ended. */
  answered(response: unknown, responseId: string, time: number): void {
    this.#interruptions.answered(response, responseId, time);
  }

  #see(type: string, event: unknown): void {
    const time = this.#clock.now();
    this.#lastActivity = time;
    switch (type) {
      case 'session.created':
      case 'session.updated':
      case 'session.started':
      case 'transcription_session.created':
      case 'transcription_session.updated':
        this.#described(field(event, 'session'), type === 'session.updated');
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
        this.#responses.done(event);
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
        this.#speech.transcribed(event, time, this.#facts.transcriptionModel);
        break;
      case 'rate_limits.updated':
        this.#responses.limits(event);
        break;
      case 'error':
        this.#start.segment.counts.errors++;
        this.#defaults.rejected(stringField(field(event, 'error'), 'event_id'));
        this.#responses.failed(field(event, 'error'));
        break;
    }
  }

  #described(session: unknown, isAnswer: boolean): void {
    this.#defaults.told(session, isAnswer);
    const { tracker, kind, endpoint, segment } = this.#start;
    const facts = readSessionFacts(session);
    const known = this.#facts.id;
    this.#facts = { ...facts, id: known ?? facts.id };
    this.#model = facts.model ?? this.#model;
    segment.describe(this.#facts.id, facts.attributes);
    if (known === undefined && facts.id !== undefined)
      this.#conversation = tracker.conversation(kind, facts.id, endpoint.origin);
  }

  /** The program adds an item: a message, or the result of a function. */
  #brought(item: unknown): void {
    const { telemetry, endpoint } = this.#start;
    if (field(item, 'type') === 'message' && field(item, 'role') === 'user')
      this.#conversation.countUserMessages(1);
    if (this.toolCalls.areAwaited)
      this.toolCalls.answer(readItemResults({ input: [item] }), {
        origin: endpoint.origin,
        conversationId: this.#facts.id,
        time: this.#clock.now(),
        parent: this.place.context,
      });
    if (telemetry.wantsContent) this.#say(withoutSound(item));
  }

  #say(item: unknown): void {
    if (this.#input.length < MAX_REPEATED) this.#input.push(item);
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
