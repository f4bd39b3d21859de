import { type Context, ROOT_CONTEXT, type Span } from '@opentelemetry/api';
import { now, type SpanClock } from '../util/clock.ts';
import { guard, logError } from '../util/guard.ts';
import { LinkedContext } from '../util/linked-context.ts';
import { MAX_REPEATED, numberField } from '../util/payload.ts';
import { clockIn } from '../util/span-clock.ts';
import { type Attempt, dropPayloads, readResponse } from './attempt.ts';
import { CallContext, contextWithCall } from './call-context.ts';
import type { CallOutcome, CallTimes, StreamEnd } from './call-outcome.ts';
import type { CallReference } from './call-reference.ts';
import { type KeyHolder, readAnswer } from './client-keys.ts';
import { lostResults } from './lost-results.ts';
import { readOptions } from './read-options.ts';
import type { OpenedSocket, SocketObservation } from './sockets/socket.ts';
import type { HelperObserver } from './tool-run.ts';
import type { ObservedWebhook } from './webhooks.ts';

/** What the instrumentation does with one call, from its start to its end. */
export interface CallObservation {
  /** The context that the SDK works in, so that HTTP spans nest below the call's span. */
  readonly context: Context;
  /** Set where the call opens the span of a longer operation. */
  readonly span?: Span;
  /** No chunk metrics: 1 ms resolution is enough for chunk times, and an exact time would be the largest cost of a chunk. */
  readonly roughTimes?: boolean;
  chunk?(value: unknown, time: number): void;
  /** A usage chunk that the program did not ask for and does not see. */
  hiddenChunk?(value: unknown): void;
  settle(call: Call): void;
}

/** Decides whether and how a call is observed. */
export interface CallObserver extends HelperObserver {
  /**
   * Runs before each call, before its context is read: the last moment to set up tracing.
   *
   * @returns whether anything takes what is recorded now. If not, a call goes past unobserved, and costs next to nothing.
   */
  prepare?(): boolean;
  start(call: Call): CallObservation | undefined;
  /** Runs when the headers of the answer have arrived. */
  answered?(call: Call): void;
  /** Runs when a call is over. */
  ended?(call: Call): void;
  /** Runs when a client unwraps a webhook. */
  startWebhook?(client: object): ObservedWebhook | undefined;
  /** Takes over what a socket carries that is no call. */
  openSocket?(socket: OpenedSocket): SocketObservation | undefined;
}

const NO_ATTEMPTS: readonly Attempt[] = [];

/**
 * One call of the SDK: its request and its outcome. It settles exactly once. Span, metrics and events all derive from
 * it, so they cannot disagree. Times are milliseconds since the epoch.
 */
export class Call implements KeyHolder {
  readonly client: object;
  readonly reference: CallReference = { call: this };
  /** Of the caller's span: what is timed by it ends before that span does. */
  readonly clock: SpanClock;
  startTime: number;
  /** Its clock, or where it has none, ours as it was at the start: the wall clock may be set meanwhile. */
  ownClock: number;
  endTime = 0;
  /** The caller's context, then, once the call has begun, that of its span. Released when the call settles. */
  context: Context;
  /** The context that the SDK works in, and the caller's. Released with it. */
  working: Context | undefined;
  caller: Context;

  method = '';
  path = '';
  body: unknown;
  query: unknown;
  /** The SDK's own `__metadata`. It names the model of a form that cannot be read. */
  sdkMetadata: unknown;
  /** What the SDK sends, until the result is read: a retry is recognised by it. */
  options: unknown;
  /** Those of the options, until the call settles. Reading one is slow: it is read where it is needed. */
  requestHeaders: unknown;
  /** The program's, which stops the loop of a poll helper. */
  signal: unknown;

  lastAttempt: Attempt | undefined;
  attemptCount = 0;
  #earlierAttempts: readonly Attempt[] = NO_ATTEMPTS;
  /** Those of the last request, and its URL, which hold its keys. */
  sentHeaders: unknown;
  sentURL: unknown;
  status: number | undefined;
  headers: unknown;
  headersTime = 0;

  settled = false;
  outcome: CallOutcome | undefined;
  value: unknown;
  error: unknown;

  streamed = false;
  /** Set by the observer: ask the stream for its usage unless the caller has decided. */
  wantsUsage = false;
  /** Set by the observer: put the trace context into the metadata of the resource that the call creates. */
  propagates = false;
  /** Set by the observer: say in the metadata that this process does not record what the call creates. */
  handsOn = false;
  /** We asked for the usage, so the program must not see its chunk. */
  hidesUsage = false;
  streamEnd: StreamEnd | undefined;
  /** The program has begun to read the stream. */
  read = false;
  chunkCount = 0;
  firstChunkTime: number | undefined;
  lastChunkTime: number | undefined;
  /** Milliseconds between two chunks, at most. */
  longestChunkGap = 0;

  begun = false;
  /** The promise of the response, until it has arrived. */
  carrier: object | undefined;
  /** A subclass replaced the promise we returned from `makeRequest`; only that one settles. */
  indirect = false;
  /** The program has asked for the result. */
  requested = false;
  /** The program called `asResponse()`. */
  rawRequested = false;
  observation: CallObservation | undefined;
  /** Set by the observer: where it keeps the call while it is in flight. */
  openIndex: number | undefined;
  /** Set by the observer: the server that has not answered yet. */
  awaitedOrigin: string | undefined;
  readonly #observer: CallObserver;

  constructor(client: object, observer: CallObserver, caller: Context, told?: CallTimes) {
    const reading = performance.now();
    this.clock = told?.clock ?? clockIn(caller, reading);
    const time = now(this.clock, reading);
    this.startTime = told?.startTime ?? time;
    this.ownClock = this.clock ?? time - reading;
    this.client = client;
    this.#observer = observer;
    this.context = this.caller = caller;
    this.working = LinkedContext.accepts(caller)
      ? new CallContext(this, caller)
      : contextWithCall(this, caller);
  }

  /** The first attempts and the last one. */
  get attempts(): readonly Attempt[] {
    const { lastAttempt: last } = this;
    return last === undefined ? NO_ATTEMPTS : [...this.#earlierAttempts, last];
  }

  /** True for any thrown value, even `undefined`. */
  get failed(): boolean {
    return this.outcome === 'error' || this.streamEnd === 'error';
  }

  /** The response has arrived, and the program has not asked for the result. */
  get isUnclaimed(): boolean {
    return this.headersTime > 0 && !this.requested;
  }

  now(): number {
    return this.ownClock + performance.now();
  }

  /** Set by the observer where the call is part of something that began before. */
  goBy(clock: number): void {
    this.startTime += clock - this.ownClock;
    this.ownClock = clock;
  }

  /** Reads the SDK's final request options, before the SDK builds the request from them. */
  begin(options: unknown): void {
    this.begun = true;
    // Without this, a request that cannot be read breaks the call.
    try {
      readOptions(this, options);
    } catch (error) {
      logError('reading a request', error);
    }
    // Without this, a span that cannot be started breaks the call.
    try {
      this.observation = this.#observer.start(this);
    } catch (error) {
      logError('starting a call', error);
    }
    this.context = this.observation?.context ?? this.context;
    const { working } = this;
    if (working instanceof CallContext) working.enter(this.context);
    else if (working !== undefined) this.working = contextWithCall(this, this.context);
    // Everything has been read: a stream may stay open for long and must not retain the request.
    // Without this, an open stream retains the request.
    this.body = this.query = this.sdkMetadata = undefined;
  }

  attempted(attempt: Attempt): void {
    this.attemptCount++;
    if (this.lastAttempt !== undefined && this.#earlierAttempts.length < MAX_REPEATED - 1)
      this.#earlierAttempts = [...this.#earlierAttempts, this.lastAttempt];
    this.lastAttempt = attempt;
  }

  /** Reads the response's status and headers, which arrive before its body. */
  responded(response: unknown): void {
    this.headersTime = this.lastAttempt?.endTime ?? this.now();
    readResponse(this, response);
    try {
      this.#observer.answered?.(this);
    } catch (error) {
      logError('handling a response', error);
    }
  }

  chunk(value: unknown): void {
    const { observation, lastChunkTime } = this;
    const rough = lastChunkTime !== undefined && observation?.roughTimes;
    const read = rough ? Date.now() : this.now();
    const time = lastChunkTime !== undefined && read <= lastChunkTime ? lastChunkTime : read;
    this.chunkCount++;
    this.firstChunkTime ??= time;
    if (lastChunkTime !== undefined && time !== lastChunkTime)
      this.longestChunkGap = Math.max(this.longestChunkGap, time - lastChunkTime);
    this.lastChunkTime = time;
    // Without this, a chunk that cannot be read breaks the stream.
    try {
      if (observation?.chunk !== undefined) readAnswer(this, passChunk, value, time);
    } catch (error) {
      logError('reading a chunk', error);
    }
  }

  hiddenChunk(value: unknown): void {
    guard('reading a chunk', () => this.observation?.hiddenChunk?.(value));
  }

  succeed(value: unknown): void {
    this.#settle('value', value, undefined);
  }

  fail(error: unknown): void {
    // The SDK throws a response with an error status; it does not return it.
    this.status = numberField(error, 'status') ?? this.status;
    this.#settle('error', undefined, error);
  }

  /** @param isLate whether the end was noticed some time after it happened */
  endStream(end: StreamEnd, error?: unknown, isLate = false): void {
    // Without this, an ended stream changes how it ended.
    if (this.settled) return;
    this.streamEnd = end;
    this.#settle('stream', undefined, error, isLate);
  }

  /** Ends a call without a result to read: the program takes the body itself, or never asked for the result. */
  close(outcome: 'raw' | 'abandoned' | 'interrupted'): void {
    if (outcome !== 'raw' && this.streamed) this.streamEnd ??= 'abandoned';
    // At the end of the program, such an answer has been unread since it arrived.
    const isUnread = outcome === 'interrupted' && !(this.streamed ? this.read : this.requested);
    this.#settle(outcome, undefined, undefined, isUnread || outcome === 'abandoned');
  }

  #settle(outcome: CallOutcome, value: unknown, error: unknown, isLate = false): void {
    // Without this, a call settles twice.
    if (this.settled) return;
    this.settled = true;
    this.outcome = outcome;
    // Abandonment is noticed late, as some closes are: the last sign of life is the end.
    this.endTime = (isLate && (this.lastChunkTime ?? this.headersTime)) || this.now();
    if (this.lastChunkTime !== undefined && this.lastChunkTime > this.endTime) {
      // The wall clock was set between two chunks.
      this.lastChunkTime = this.endTime;
      this.longestChunkGap = Math.min(this.longestChunkGap, this.endTime - this.startTime);
    }
    this.value = value;
    this.error = error;
    const { observation } = this;
    // Without this, a span that cannot be ended keeps the result from the program.
    try {
      if (observation !== undefined) readAnswer(this, settleObservation, undefined, this.endTime);
    } catch (error) {
      logError('ending a call', error);
    }
    try {
      this.#observer.ended?.(this);
    } catch (error) {
      logError('forgetting a call', error);
    }
    // Without this, a retained promise or stream retains its whole request and response.
    this.#release();
    if (this.streamed || !this.requested) lostResults.unregister(this);
  }

  /** Drops every payload: a program may retain promises and streams for long. */
  #release(): void {
    this.observation = undefined;
    this.value = this.error = this.headers = this.options = undefined;
    this.sentHeaders = this.sentURL = undefined;
    this.requestHeaders = this.signal = undefined;
    this.#earlierAttempts.forEach(dropPayloads);
    if (this.lastAttempt !== undefined) dropPayloads(this.lastAttempt);
    this.context = this.caller = ROOT_CONTEXT;
    this.working = this.carrier = this.reference.call = undefined;
  }
}

const settleObservation = (call: Call): void => call.observation?.settle(call);

const passChunk = (call: Call, value: unknown, time: number): void => call.observation?.chunk?.(value, time);
