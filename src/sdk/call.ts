import { type Attributes, type Context, ROOT_CONTEXT } from '@opentelemetry/api';
import { clockIn, now, type SpanClock } from '../util/clock.ts';
import { guard, logError } from '../util/guard.ts';
import { asName, field, fieldsOf, numberField } from '../util/payload.ts';
import { platform } from '../util/platform.ts';
import { ProcessWide } from '../util/process-state.ts';
import { VERSION } from '../util/version.ts';
import { Attempts, readResponse } from './attempts.ts';
import {
  advance,
  type CallAction,
  type CallEvent,
  type CallOutcome,
  type CallPhase,
  type CallState,
  isEndedLate,
  type StreamEnd,
} from './call-state.ts';
import { ChunkTimes, NO_CHUNKS } from './chunk-times.ts';
import { type AnsweredRequest, nowReading } from './client-keys.ts';
import type { HelperObserver } from './helper-observer.ts';
import { noteMaker } from './provider.ts';
import { isObject } from './reflect.ts';
import type { OpenedSocket, SocketObservation } from './sockets/socket.ts';

/**
 * Objects of the SDK hold this instead of the call, so that a settled call can be freed. In `openai` 7,
 * functions that V8 allocates as long-lived hold those objects until the next full garbage collection.
 */
export interface CallReference {
  call: Call | undefined;
}

/** How the observer changes the request. The program's own options stay unchanged. */
export interface RequestChanges {
  /** Ask the server for the usage of the stream, unless the program has set that option itself. */
  readonly usage?: boolean;
  /** Changes the options to tell other processes of the call's span. Gets the context of that span. */
  readonly mark?: ((options: unknown, context: Context) => unknown) | undefined;
}

/** What the observer wants of a call, and what it is told. */
export interface CallObservation {
  /** The SDK works in this context, so HTTP spans become children of the call's span. */
  readonly context: Context;
  /** The clock of an earlier operation, of which the call is a part. By default, the call keeps its own. */
  readonly clock?: number | undefined;
  readonly changes?: RequestChanges | undefined;
  /** Whether whole milliseconds are enough for chunk times after the first. Exact times are costly. */
  readonly roughTimes?: boolean;
  chunk?(value: unknown, time: number): void;
  /** A usage chunk that the program did not ask for and does not see. */
  hiddenChunk?(value: unknown): void;
  /** What the span may record of the stream so far: without text if content is off or a hook must see it. */
  answerSoFar?(): AnswerSoFar | undefined;
  settle(call: ReadonlyCall): void;
}

/** The fields of an object, to be read only. */
type Fields<Of> = {
  readonly [Name in keyof Of as Of[Name] extends (...args: never[]) => unknown ? never : Name]: Of[Name];
};
type OfSdkAlone = 'attempts' | 'chunks' | 'observation' | 'observer' | 'reference';

/** A call as the rest of the package reads it, because only `sdk/` changes calls. It has a body only when it starts. */
export type ReadonlyCall = Omit<Fields<Call>, OfSdkAlone> &
  Readonly<Pick<Call, 'now'>> & { readonly attempts: Fields<Attempts>; readonly chunks: Fields<ChunkTimes> };

export interface AnswerSoFar {
  readonly spanId: string;
  readonly attributes: Attributes;
}

/** The interface to `pipeline/`, which `sdk/` may not import. */
export interface CallObserver extends HelperObserver {
  /**
   * Runs before the context of a call is read. This is the last chance to set up tracing.
   *
   * @returns `false` if nothing would receive what is recorded. Then the call is not observed.
   */
  prepare?(): boolean;
  start(call: ReadonlyCall): CallObservation | undefined;
  /** Runs after each call. Must not throw. */
  readonly ended?: (() => void) | undefined;
  /** Observes everything on a socket that is not a call. */
  openSocket?(socket: OpenedSocket): SocketObservation | undefined;
}

/**
 * Ends calls whose promise or stream was garbage collected. No call is registered for longer than necessary:
 * V8 keeps a registered object, and everything to which it refers, through each collection of young objects.
 */
const lostResults = new platform.FinalizationRegistry<Call>((call) => call.apply('abandoned'));

/** Settles once. Times are milliseconds since the epoch. */
export class Call implements AnsweredRequest, CallState {
  readonly client: object;
  readonly observer: CallObserver;
  readonly reference: CallReference = { call: this };

  /** The clock of the caller's span. By another clock, the call might seem to end after that span. */
  readonly clock: SpanClock;
  startTime: number;
  /** The caller's clock or, without one, ours as it was at the start: the system clock may be set later. */
  ownClock: number;
  endTime = 0;
  /** The caller's context or, once the call has begun, that of its span. */
  context: Context;
  caller: Context;
  working: Context | undefined;

  method = '';
  path = '';
  body: unknown;
  query: unknown;
  /** The SDK's own `__metadata`. It names the model if the body is a form that cannot be read. */
  sdkMetadata: unknown;
  /** The options that the SDK sends. A retry of the call has the same object. */
  options: unknown;
  /** The headers in the options. Reading one is slow, so they are read only where needed. */
  requestHeaders: unknown;

  readonly attempts: Attempts = new Attempts();
  readonly attemptCount: number = 0;
  status: number | undefined;
  headers: unknown;
  headersTime = 0;

  chunks: ChunkTimes = NO_CHUNKS;

  /** The promise of the response, until the response has arrived. Unset if the call is `indirect`. */
  carrier: object | undefined;
  readonly phase: CallPhase = 'made';
  readonly streamed: boolean = false;
  readonly hidesUsage: boolean = false;
  readonly indirect: boolean = false;
  readonly requested: boolean = false;
  readonly rawRequested: boolean = false;
  readonly read: boolean = false;
  readonly outcome: CallOutcome | undefined;
  readonly streamEnd: StreamEnd | undefined;
  value: unknown;
  error: unknown;

  observation: CallObservation | undefined;

  /** @param times when and by which clock the call began. Default: now, and the caller's clock */
  constructor(
    client: object,
    observer: CallObserver,
    caller: Context,
    times?: { readonly startTime: number | undefined; readonly clock: SpanClock },
  ) {
    const reading = platform.performance.now();
    this.clock = times?.clock ?? clockIn(caller, reading);
    const time = now(this.clock, reading);
    this.startTime = times?.startTime ?? time;
    this.ownClock = this.clock ?? time - reading;
    this.client = client;
    this.observer = observer;
    this.context = this.caller = caller;
  }

  /** True for any thrown value, even `undefined`. */
  get failed(): boolean {
    return this.outcome === 'error' || this.streamEnd === 'error';
  }

  now(): number {
    return this.ownClock + platform.performance.now();
  }

  begin(options: unknown): void {
    this.apply('sent');
    try {
      this.#readOptions(options);
    } catch (error) {
      logError('reading a request', error);
    }
    try {
      this.observation = this.observer.start(this);
      if (this.observation !== undefined) callsInFlight.value.add(this);
    } catch (error) {
      logError('starting a call', error);
    }
    const { context = this.context, clock = this.ownClock } = this.observation ?? {};
    this.context = context;
    this.startTime += clock - this.ownClock;
    this.ownClock = clock;
    // The request has been read. A stream may stay open for long, and must not retain the request.
    this.body = this.query = this.sdkMetadata = undefined;
  }

  #readOptions(options: unknown): void {
    const { method, path, body, query, stream, headers, __metadata } = fieldsOf(options);
    this.method = asName(method)?.toUpperCase() ?? '';
    this.path = typeof path === 'string' ? path : '';
    this.body = body;
    this.query = query;
    this.sdkMetadata = __metadata;
    this.requestHeaders = headers;
    const streams = typeof stream === 'boolean' ? stream : field(body, 'stream') === true;
    if (streams) this.apply('stream requested');
  }

  /**
   * Reports an event, and carries out what follows.
   *
   * @param subject what the event is about: an object to watch, the value, or the error
   * @returns what followed. Only the wrap that reports the event can carry out `follow`
   */
  apply(event: CallEvent, subject?: unknown): readonly CallAction[] {
    const actions = advance(this, event);
    for (const action of actions)
      if (action === 'settle') this.#settle(subject);
      else if (action === 'unwatch') lostResults.unregister(this);
      else if (action === 'forget') this.reference.call = undefined;
      else if (action === 'watch' && isObject(subject)) {
        // A call watches only one object at a time.
        lostResults.unregister(this);
        lostResults.register(subject, this, this);
      }
    return actions;
  }

  /**
   * Called when status and headers have arrived, and again if the SDK's parser sent the request again.
   *
   * @param carrier the promise of the response
   */
  responded(response: unknown, carrier?: object): void {
    this.headersTime = this.attempts.last?.endTime ?? this.now();
    readResponse(this, response);
    // A whole URL may lead to another host than the client's.
    if (this.path.startsWith('/')) noteMaker(this.client, this.headers);
    this.apply('answered', carrier);
  }

  /** For a realtime response, whose headers arrive in an event. */
  learnHeaders(headers: unknown): void {
    this.headers = headers;
  }

  chunk(value: unknown): void {
    const { observation } = this;
    if (this.chunks === NO_CHUNKS) this.chunks = new ChunkTimes();
    const { chunks } = this;
    const isRough = chunks.count > 0 && observation?.roughTimes;
    // Clocks may be set, but a chunk is never earlier than the previous one. Many arrive at the same rough time.
    const read = isRough ? Date.now() : this.now();
    const time = chunks.last !== undefined && read <= chunks.last ? chunks.last : read;
    if (time === chunks.last) chunks.count++;
    else chunks.add(time);
    if (observation?.chunk === undefined) return;
    const before = nowReading(this);
    try {
      observation.chunk(value, time);
    } catch (error) {
      logError('reading a chunk', error);
    }
    nowReading(before);
  }

  hiddenChunk(value: unknown): void {
    guard('reading a chunk', () => this.observation?.hiddenChunk?.(value));
  }

  fail(error: unknown): void {
    // If the status is an error, the SDK throws, and `responded` does not see the response.
    const status = numberField(error, 'status');
    this.status = status ?? this.status;
    const isAborted = status === undefined && field(field(this.options, 'signal'), 'aborted') === true;
    this.apply(isAborted ? 'failed after an abort' : 'failed', error);
  }

  /** @param result the value or the error */
  #settle(result: unknown): void {
    const { last = 0 } = this.chunks;
    // An end that was noticed late is the arrival of the last chunk or of the headers.
    this.endTime = Math.min((isEndedLate(this) && (last || this.headersTime)) || Infinity, this.now());
    if (last > this.endTime) this.chunks.limitTo(this.endTime, this.startTime);
    if (this.outcome === 'value') this.value = result;
    else if (this.failed) this.error = result;
    const before = nowReading(this);
    try {
      this.observation?.settle(this);
    } catch (error) {
      logError('ending a call', error);
    }
    nowReading(before);
    callsInFlight.value.delete(this);
    this.observer.ended?.();
    this.#release();
  }

  /** Drops every payload: a program may retain promises and streams for long. */
  #release(): void {
    this.observation = undefined;
    this.value = this.error = this.headers = this.options = undefined;
    this.requestHeaders = this.working = this.carrier = undefined;
    this.attempts.release();
    this.context = this.caller = ROOT_CONTEXT;
  }
}

/** The observed calls in flight, of all copies of this release: one copy patches for all of them. */
export const callsInFlight: ProcessWide<Set<Call>> = new ProcessWide(
  `open-calls@${VERSION}`,
  () => new Set(),
);

/** The newest first. */
export function openCalls(observer?: CallObserver): Call[] {
  const calls = [...callsInFlight.value].reverse();
  return observer === undefined ? calls : calls.filter((call) => call.observer === observer);
}
