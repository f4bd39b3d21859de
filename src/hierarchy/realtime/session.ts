import type { Attributes, Context, SpanContext } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import { conversation } from '../../operations/conversation.ts';
import type { ApiRequest } from '../../operations/index.ts';
import { realtimeTranscription } from '../../operations/realtime.ts';
import type { ClientEndpoint } from '../../sdk/provider.ts';
import { matchRoute } from '../../sdk/routes/index.ts';
import type { OpenedSocket, SocketClose } from '../../sdk/sockets/socket.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { EVENT_OPENAI_REALTIME_INTERRUPTION, EVENT_OPENAI_REALTIME_SPEECH } from '../../semconv/events.ts';
import { textLimits } from '../../telemetry/content/kept.ts';
import type { Spent } from '../../telemetry/cost/usage.ts';
import { readFailure } from '../../telemetry/outcomes/failure.ts';
import { type Place, placeAttributes } from '../../telemetry/place.ts';
import { OperationRecord } from '../../telemetry/record.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Totals } from '../../telemetry/totals.ts';
import { keepNewest } from '../../util/bounded-map.ts';
import { LastingClock, type SpanClock } from '../../util/clock.ts';
import { LinkedContext } from '../../util/context.ts';
import {
  arrayField,
  asName,
  field,
  first,
  MAX_REPEATED,
  numberField,
  objectField,
  stringField,
  textField,
} from '../../util/payload.ts';
import { activeSpan, Conversation } from '../conversations/conversation.ts';
import {
  isRequest,
  type RealtimeSink,
  ResponseDefaults,
  readReceived,
  readSent,
  readSessionFacts,
  type SessionFacts,
} from '../dialects/realtime.ts';
import { readItemResults } from '../dialects/responses.ts';
import type { ToolCalls } from '../tool-calls/tool-calls.ts';
import type { ConversationTracker } from '../tracker.ts';
import { SessionResponses } from './responses.ts';

export interface SessionStart {
  readonly telemetry: Telemetry;
  readonly tracker: ConversationTracker;
  readonly toolCalls: ToolCalls;
  readonly socket: OpenedSocket;
  readonly endpoint: ClientEndpoint;
  readonly startTime: number;
  /** The connection before on the same socket. */
  readonly previous: SpanContext | undefined;
  /** Whether no other socket has this response, or this transcript. */
  readonly claims: (id: string, session: RealtimeSession) => boolean;
  /** Called once it has ended. */
  readonly released: (session: RealtimeSession) => void;
}

/**
 * One session over one connection, from its opening to its close: what its events say of the session, of what the user
 * says, and of its responses. It has no idle time, and outlives its parent.
 */
export class RealtimeSession implements RealtimeSink {
  readonly telemetry: Telemetry;
  readonly toolCalls: ToolCalls;
  readonly client: object;
  readonly endpoint: ClientEndpoint;
  readonly context: Context;
  model: string | undefined;
  readonly #kind: 'realtime' | 'live';
  readonly #start: Pick<SessionStart, 'tracker' | 'claims' | 'released'>;
  readonly #parentSpanId: string | undefined;
  /** `undefined` where spans of conversations are switched off. */
  readonly #record: OperationRecord<Place, Totals> | undefined;
  /** Events come for as long as the socket is open. */
  readonly #clock = new LastingClock();
  readonly #counts = { sent: 0, received: 0, errors: 0, interruptions: 0, heardSeconds: 0, spokenSeconds: 0 };
  readonly #responses: SessionResponses;
  readonly #speech: Speech;
  /** The responses of items, the newest: playback continues after their end. */
  readonly #responseOfItem = new Map<string, string>();
  /** The interrupted responses, the newest. */
  readonly #interrupted = new Set<string>();
  #facts: SessionFacts = readSessionFacts(undefined);
  readonly #defaults: ResponseDefaults;
  /** What was said and brought since the last response. */
  readonly #input: unknown[] = [];
  #conversation: Conversation;
  #caller: Context;
  #lastActivity: number;
  #closed = false;

  constructor(start: SessionStart) {
    const { telemetry, tracker, toolCalls, socket, endpoint, startTime, previous, claims, released } = start;
    const { client, context, parameters } = socket;
    const kind = socket.kind === 'live' ? 'live' : 'realtime';
    this.#kind = kind;
    this.#start = { tracker, claims, released };
    this.telemetry = telemetry;
    this.toolCalls = toolCalls;
    this.client = client;
    this.endpoint = endpoint;
    this.model = endpoint.deployment ?? asName(parameters.model);
    const parent = activeSpan(context);
    this.#parentSpanId = parent?.spanContext().spanId;
    if (telemetry.settings.conversationSpans !== 'never')
      this.#record = new OperationRecord(telemetry, {
        operation: conversation,
        request: { kind, conversationId: undefined },
        endpoint,
        place: { parent: context, links: previous === undefined ? [] : [{ context: previous }] },
        isRoot: parent === undefined,
        startTime,
      });
    const attributes: Attributes = { [ATTR.OPENAI_REALTIME_SESSION_TYPE]: sessionTypeOf(socket) };
    define(attributes, ATTR.GEN_AI_REQUEST_MODEL, this.model);
    this.#record?.add({ attributes });
    this.context = this.#record === undefined ? context : LinkedContext.withSpan(context, this.#record.span);
    this.#caller = this.context;
    this.#conversation = new Conversation(kind, '');
    this.#lastActivity = this.#clock.now();
    this.#defaults = new ResponseDefaults(() => (this.content ? textLimits(telemetry.settings) : undefined));
    this.#responses = new SessionResponses(this);
    this.#speech = new Speech();
  }

  get id(): string | undefined {
    return this.#facts.id;
  }

  get spanContext(): SpanContext | undefined {
    return this.#record?.span.spanContext();
  }

  get content(): boolean {
    return this.telemetry.wantsContent;
  }

  get place(): Place {
    return { kind: this.#kind, conversationId: this.id };
  }

  get outputRate(): number {
    return this.#facts.outputRate;
  }

  get spanClock(): SpanClock {
    return this.#clock.current;
  }

  get defaults(): object {
    return this.#defaults.current;
  }

  /** Below the session, unless the caller's span is neither the session's parent nor missing: then it stays with that. */
  parentIn(caller: Context): Context {
    if (this.#record === undefined) return caller;
    const id = activeSpan(caller)?.spanContext().spanId;
    return id === undefined || id === this.#parentSpanId
      ? LinkedContext.withSpan(caller, this.#record.span)
      : caller;
  }

  claims(id: string): boolean {
    return this.#start.claims(id, this);
  }

  sent(type: string, event: object, caller: Context): void {
    this.#counts.sent++;
    this.#caller = caller;
    if (type !== 'input_audio_buffer.append') this.#lastActivity = this.#clock.now();
    readSent(type, event, this);
  }

  notSent(event: unknown, caller: Context, error: unknown): void {
    if (isRequest(event)) this.#responses.notSent(event, caller, error);
  }

  received(type: string, event: object): void {
    this.#counts.received++;
    readReceived(type, event, this);
  }

  /** The time of an event that is no piece of an answer. */
  #now(): number {
    this.#lastActivity = this.#clock.now();
    return this.#lastActivity;
  }

  // The session itself.

  described(session: unknown, isAnswer: boolean): void {
    this.#now();
    this.#defaults.told(session, isAnswer);
    const facts = readSessionFacts(session);
    const known = this.id;
    this.#facts = { ...facts, id: known ?? facts.id };
    this.model = facts.model ?? this.model;
    this.#record?.add({ attributes: { ...facts.attributes, ...placeAttributes(this.place) } });
    if (known === undefined && facts.id !== undefined)
      this.#conversation = this.#start.tracker.conversation(this.#kind, facts.id, this.endpoint.origin);
  }

  updateSent(event: object): void {
    this.#defaults.sent(event);
  }

  failed(error: unknown): void {
    this.#now();
    this.#counts.errors++;
    this.#defaults.rejected(stringField(error, 'event_id'));
    this.#responses.failed(error);
  }

  // What is said and brought.

  /** The program adds an item: a message, or the result of a function. */
  itemBrought(item: unknown): void {
    if (field(item, 'type') === 'message' && field(item, 'role') === 'user')
      this.#conversation.countUserMessages(1);
    if (this.toolCalls.areAwaited)
      this.toolCalls.answer(readItemResults({ input: [item] }), {
        origin: this.endpoint.origin,
        conversationId: this.id,
        time: this.#clock.now(),
        parent: this.context,
      });
    if (this.content) this.#say(item);
  }

  #say(item: unknown): void {
    if (this.#input.length < MAX_REPEATED) this.#input.push(item);
  }

  said(takes: boolean): readonly unknown[] {
    return takes ? this.#input.splice(0) : [...this.#input];
  }

  audioSent(bytes: number): void {
    this.#counts.heardSeconds += bytes / this.#facts.inputRate;
    this.#speech.sendingSince ??= this.#clock.now();
  }

  speechStarted(startMs: number | undefined): void {
    this.#speech.started = { ms: startMs, time: this.#now() };
  }

  speechStopped(itemId: string | undefined, endMs: number | undefined): void {
    const time = this.#now();
    const { ms, time: startTime } = this.#speech.started ?? {};
    const isReported = ms !== undefined && endMs !== undefined && endMs >= ms;
    this.#speechEnded(itemId, startTime, isReported ? (endMs - ms) / 1e3 : undefined, time);
    this.#speech.started = undefined;
    this.#speech.end = time;
  }

  committing(): void {
    this.#speech.committing = this.#clock.now();
  }

  /** The server takes what was sent as an item. Where it does not listen for the end of speech, the program has told it. */
  committed(itemId: string | undefined): void {
    const time = this.#now();
    const { committing, sendingSince } = this.#speech;
    const seconds = this.#counts.heardSeconds - this.#speech.sentBefore;
    if (committing !== undefined && itemId !== undefined && !this.#speech.has(itemId))
      this.#speechEnded(itemId, sendingSince, seconds, committing);
    else this.#speech.remember(itemId, time);
    this.#speech.committing = undefined;
    this.#speech.toAnswer(itemId);
    this.cleared();
  }

  /** What was sent and not taken is gone. */
  cleared(): void {
    this.#speech.sendingSince = undefined;
    this.#speech.sentBefore = this.#counts.heardSeconds;
  }

  #speechEnded(
    itemId: string | undefined,
    startTime: number | undefined,
    seconds: number | undefined,
    time: number,
  ): void {
    this.#conversation.countUserMessages(1);
    const attributes: Attributes = {};
    define(attributes, ATTR.OPENAI_ITEM_ID, itemId);
    define(attributes, ATTR.OPENAI_AUDIO_DURATION, seconds);
    // Times before and after the clock was set can overlap by less than a millisecond.
    if (startTime !== undefined)
      attributes[ATTR.OPENAI_REALTIME_SPEECH_TIME] = Math.max(time - startTime, 0) / 1e3;
    this.#record?.addEvent(EVENT_OPENAI_REALTIME_SPEECH, attributes, time);
    this.#speech.remember(itemId, time);
  }

  /** The transcript of what the user has said has come, or failed. */
  transcribed(event: unknown): void {
    const endTime = this.#now();
    const itemId = stringField(event, 'item_id');
    const { startTime = endTime, heard } = this.#speech.take(itemId);
    const transcript = textField(event, 'transcript');
    if (this.content && transcript !== undefined) {
      const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: transcript }] };
      if (heard === undefined) this.#say(item);
      else heard.push(item);
    }
    if (itemId !== undefined && !this.claims(`transcript of ${itemId}`)) return;
    const request: ApiRequest = {
      ...matchRoute('POST', '/realtime'),
      method: 'POST',
      body: { model: this.#facts.transcriptionModel },
      streamed: false,
      deployment: undefined,
    };
    const attributes = placeAttributes(this.place);
    define(attributes, ATTR.OPENAI_ITEM_ID, itemId);
    const { telemetry, endpoint, context: parent } = this;
    const place = { parent, attributes };
    const operation = realtimeTranscription;
    const record = new OperationRecord(telemetry, { operation, request, endpoint, startTime, place });
    record.end({ result: event }, endTime);
    this.#conversation.spent(record.spent);
  }

  takeSpeechEnd(): number | undefined {
    const { end } = this.#speech;
    this.#speech.end = undefined;
    return end;
  }

  answering(heard: object[]): void {
    this.#speech.answering(heard);
  }

  // Its responses.

  responseRequested(event: object): void {
    this.#responses.request(event, this.#caller);
  }

  responseCreated(response: unknown): void {
    this.#now();
    this.#responses.created(response);
  }

  audio(responseId: string | undefined, bytes: number): void {
    this.#counts.spokenSeconds += bytes / this.#facts.outputRate;
    this.#responses.audio(responseId, bytes);
  }

  piece(responseId: string | undefined, piece: object, isText: boolean): void {
    this.#responses.piece(responseId, piece, isText);
  }

  item(event: unknown): void {
    const time = this.#now();
    this.#belongs(field(event, 'item'), stringField(event, 'response_id'));
    this.#responses.item(event, time);
  }

  limits(headers: Readonly<Record<string, string>>): void {
    this.#now();
    this.#responses.limits(headers);
  }

  answered(spent: Spent): void {
    this.#conversation.startedRun();
    this.#conversation.spent(spent);
  }

  /** The server reports an interruption of an answer that is still being made. */
  responseDone(event: unknown): void {
    this.#now();
    const response = field(event, 'response');
    const responseId = stringField(response, 'id');
    const time = this.#responses.done(event);
    if (time === undefined || responseId === undefined) return;
    for (const item of first(arrayField(response, 'output'))) this.#belongs(item, responseId);
    const reason = field(objectField(response, 'status_details'), 'reason');
    const isCancelled = field(response, 'status') === 'cancelled' && reason === 'turn_detected';
    if (isCancelled && this.#isNewlyInterrupted(responseId))
      this.#tellInterruption({ [ATTR.GEN_AI_RESPONSE_ID]: responseId }, time);
  }

  /**
   * The program says how much of an item was heard. Audio arrives faster than it is played, so this may come later than
   * what the server reports, or tell of the same answer again.
   */
  truncated(event: object): void {
    const itemId = stringField(event, 'item_id');
    const responseId = this.#responseOfItem.get(itemId ?? '');
    const heard = numberField(event, 'audio_end_ms');
    if (responseId === undefined) this.#counts.interruptions++;
    else this.#isNewlyInterrupted(responseId);
    const attributes: Attributes = {};
    define(attributes, ATTR.GEN_AI_RESPONSE_ID, responseId);
    define(attributes, ATTR.OPENAI_ITEM_ID, itemId);
    define(attributes, ATTR.OPENAI_REALTIME_HEARD_AUDIO_DURATION, heard && heard / 1e3);
    this.#tellInterruption(attributes, this.#clock.now());
  }

  #belongs(item: unknown, responseId: string | undefined): void {
    const id = stringField(item, 'id');
    if (id === undefined || responseId === undefined) return;
    this.#responseOfItem.set(id, responseId);
    keepNewest(this.#responseOfItem);
  }

  #isNewlyInterrupted(responseId: string): boolean {
    if (this.#interrupted.has(responseId)) return false;
    this.#interrupted.add(responseId);
    keepNewest(this.#interrupted);
    this.#counts.interruptions++;
    return true;
  }

  #tellInterruption(attributes: Attributes, time: number): void {
    this.#record?.addEvent(EVENT_OPENAI_REALTIME_INTERRUPTION, attributes, time);
  }

  // Its end.

  end(close: SocketClose | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    const last = Math.max(this.#responses.end(close), this.#lastActivity);
    this.#endSpan(close === undefined ? last : this.#clock.now(), close);
    this.#start.released(this);
  }

  close(): void {
    this.end(undefined);
  }

  #endSpan(time: number, close: SocketClose | undefined): void {
    const { sent, received, errors, interruptions, heardSeconds, spokenSeconds } = this.#counts;
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
    const result = this.#conversation.totalsAt(Number.POSITIVE_INFINITY);
    this.#record?.end({ attributes, result, failure }, time);
  }
}

/** What the user says: when, and which responses answer it. */
class Speech {
  /** When the program began to send what the server has not taken yet, and how many seconds it had sent before. */
  sendingSince: number | undefined;
  sentBefore = 0;
  /** When it began, by the server's count of milliseconds and by our clock. */
  started: { readonly ms: number | undefined; readonly time: number } | undefined;
  /** When it ended, until a response answers it. */
  end: number | undefined;
  /** When the program has said that the user has finished: the server does not listen for it. */
  committing: number | undefined;
  /** When the speech of an item ended, until its transcript comes. */
  readonly #spoken = new Map<string, number>();
  /** Items that no response answers yet. */
  #unanswered: string[] = [];
  /**
   * What the responses have heard, by items whose transcripts have not come. Those often come after the response has
   * begun, or even ended: then they are ignored.
   */
  readonly #heard = new Map<string, object[]>();

  has(itemId: string): boolean {
    return this.#spoken.has(itemId);
  }

  remember(itemId: string | undefined, time: number): void {
    if (itemId === undefined || this.#spoken.has(itemId)) return;
    this.#spoken.set(itemId, time);
    keepNewest(this.#spoken);
  }

  toAnswer(itemId: string | undefined): void {
    if (itemId !== undefined && this.#unanswered.length < MAX_REPEATED) this.#unanswered.push(itemId);
  }

  answering(heard: object[]): void {
    for (const itemId of this.#unanswered) this.#heard.set(itemId, heard);
    this.#unanswered = [];
    // A session without transcription never takes them.
    keepNewest(this.#heard);
  }

  /** Takes what waits for the transcript of an item: when its speech ended, and what the response that answers it has heard. */
  take(itemId: string | undefined): {
    readonly startTime: number | undefined;
    readonly heard: object[] | undefined;
  } {
    if (itemId === undefined) return { startTime: undefined, heard: undefined };
    const startTime = this.#spoken.get(itemId);
    const heard = this.#heard.get(itemId);
    this.#spoken.delete(itemId);
    this.#heard.delete(itemId);
    if (heard === undefined) this.#unanswered = this.#unanswered.filter((id) => id !== itemId);
    return { startTime, heard };
  }
}

function sessionTypeOf({ kind, parameters }: OpenedSocket): string {
  if (kind === 'realtime') return parameters.intent === 'transcription' ? 'transcription' : 'realtime';
  return kind === 'translation' ? 'translation' : 'live';
}
