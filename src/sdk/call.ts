import { type Context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { clockIn, now, type SpanClock } from '../util/clock.ts';
import { activeContext, LinkedContext, runIn, SPAN_KEY } from '../util/context.ts';
import { guard, logError } from '../util/guard.ts';
import {
  asName,
  field,
  fieldsOf,
  MAX_REPEATED,
  numberField,
  type PayloadObject,
  readHeader,
  stringField,
} from '../util/payload.ts';
import { type KeyHolder, readAnswer } from './client-keys.ts';
import type { Method } from './patches.ts';
import type { OpenedSocket, SocketObservation } from './sockets/socket.ts';
import { isSuppressed } from './suppression.ts';
import type { HelperObserver } from './tool-runners.ts';
import type { ObservedWebhook } from './webhooks.ts';

/** How a call ended. Every call ends once, in one of these ways. */
type CallOutcome =
  /** The program got its value: parsed JSON, a page, text, a binary response. */
  | 'value'
  /** A stream was read to its end, left early, aborted, or broke. */
  | 'stream'
  /** The program took the raw `Response`. Its body is not read here. */
  | 'raw'
  /** The call threw. */
  | 'error'
  /** The program never asked for the result. */
  | 'abandoned'
  /** Tracing was shut down during the call. */
  | 'interrupted';

/** `cut`: it ended without an error, and before the answer did, as far as its reader can tell. */
export type StreamEnd = 'completed' | 'cut' | 'cancelled' | 'aborted' | 'abandoned' | 'error';

/** What the caller knows of the times of a call. */
interface CallTimes {
  /** `undefined` if it begins now. */
  readonly startTime: number | undefined;
  /** `undefined` for that of the caller's span. */
  readonly clock: SpanClock;
}

/**
 * What objects of the SDK hold in place of a call, which is gone once it has settled. In `openai` 7, functions that V8
 * allocates as long-lived hold those objects until the next full collection of garbage.
 */
export interface CallReference {
  call: Call | undefined;
}

/** One HTTP request of a call. A call has several when the SDK retries. */
export interface Attempt {
  readonly startTime: number;
  /** When the response headers arrived, the request failed, or the SDK gave it up for a retry. */
  endTime: number | undefined;
  status: number | undefined;
  /** Response headers, kept until the call settles. */
  headers: unknown;
  error: unknown;
}

/** Reads status and headers of a response into a call or an attempt. */
export function readResponse(answered: Pick<Attempt, 'status' | 'headers'>, response: unknown): void {
  const { status, headers } = (response ?? {}) as PayloadObject;
  answered.status = typeof status === 'number' ? status : undefined;
  answered.headers = headers;
}

function dropPayloads(attempt: Attempt): void {
  attempt.headers = attempt.error = undefined;
}

/** What the instrumentation does with one call, from its start to its end. */
export interface CallObservation {
  /** The context that the SDK works in, so that HTTP spans nest below the call's span. */
  readonly context: Context;
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

/** Reads the SDK's final request options into the call. */
function readOptions(call: Call, options: unknown): void {
  const { method, path, body, query, stream, headers, signal, __metadata } = fieldsOf(options);
  call.method = asName(method)?.toUpperCase() ?? '';
  call.path = typeof path === 'string' ? path : '';
  call.body = body;
  call.query = query;
  call.sdkMetadata = __metadata;
  call.streamed = typeof stream === 'boolean' ? stream : field(body, 'stream') === true;
  call.requestHeaders = headers;
  call.signal = signal;
}

const TOOL_RUNNERS: ReadonlySet<string | undefined> = new Set(['runTools', 'runFunctions']);

/** Whether a runner of the SDK sent a request: it runs the functions that the model asks for. */
export function isToolRunner({ requestHeaders, sdkMetadata }: Call): boolean {
  const helper =
    stringField(sdkMetadata, 'helperMethod') ?? readHeader(requestHeaders, 'X-Stainless-Helper-Method');
  return TOOL_RUNNERS.has(helper);
}

/**
 * Ends a call whose promise or stream was garbage collected, so its result can no longer be read. A call leaves when its
 * result is being read, or when it settles: V8 keeps what is watched, and all that it refers to, through each collection
 * of young objects.
 */
export const lostResults: FinalizationRegistry<Call> = new FinalizationRegistry((call) =>
  call.close('abandoned'),
);

/** Watches the object without which the result of a call cannot be read. A call watches one object at a time. */
export function watchForLoss(call: Call, object: object): void {
  lostResults.unregister(call);
  lostResults.register(object, call, call);
}

/** The call that a context belongs to. No key of the API's: those are equal in all copies of this package, calls are not. */
const CALL: symbol = Symbol('opentelemetry-instrumentation-openai call');

/**
 * The context that the SDK works in during one call: first the caller's, then, once the call has begun, that of its
 * span. It is one object, so a call enters one context and copies no values.
 */
class CallContext implements Context {
  readonly #call: Call;
  #values: Context;

  constructor(call: Call, caller: Context) {
    this.#call = call;
    this.#values = caller;
  }

  get isLinkable(): true {
    return true;
  }

  /** Called when the call begins: all work from here on runs in the given context. */
  enter(values: Context): void {
    this.#values = values;
  }

  getValue(key: symbol): unknown {
    return key === CALL ? this.#call : this.#values.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#copy().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#copy().deleteValue(key);
  }

  #copy(): Context {
    return LinkedContext.of(this.#values).setValue(CALL, this.#call);
  }
}

/** A context that the SDK works in during a call, where the caller's has to set values itself. */
function contextWithCall(call: Call, values: Context): Context {
  return values.setValue(CALL, call);
}

function idOfSpan(context: Context): string | undefined {
  return trace.getSpanContext(context)?.spanId;
}

/**
 * The call that the SDK is making at this moment. The SDK mostly goes from one method to the next synchronously, so
 * this finds calls even without a context manager.
 */
let callBeingMade: Call | undefined;

/** Calls the SDK method that makes the request of a call. */
export function make(call: Call, method: Method, client: object, args: unknown[]): unknown {
  const outer = callBeingMade;
  callBeingMade = call;
  try {
    return call.working === undefined
      ? method.apply(client, args)
      : runIn(call.working, method, client, args);
  } finally {
    callBeingMade = outer;
  }
}

/** Calls an SDK method in the context of a call. */
export function goOn({ working }: Call, method: Method, client: object, args: unknown[]): unknown {
  return working === undefined || activeContext() === working
    ? method.apply(client, args)
    : runIn(working, method, client, args);
}

/** The same in what is not the call's context: the program may have added values to it, which stay. */
export function goOnHere(call: Call, method: Method, client: object, args: unknown[]): unknown {
  const span = call.working?.getValue(SPAN_KEY);
  const active = activeContext();
  const base = LinkedContext.accepts(active) ? LinkedContext.of(active) : active;
  const placed = span === undefined ? base.deleteValue(SPAN_KEY) : base.setValue(SPAN_KEY, span);
  return runIn(placed.setValue(CALL, call), method, client, args);
}

/**
 * Sends an attempt of a call in another context than the call's own. Context managers such as those of Sentry, Datadog
 * and New Relic read the span when they enter a context, which may be before the call has begun.
 */
export function sendInside(
  call: Call,
  active: Context,
  method: Method,
  client: object,
  args: unknown[],
): unknown {
  return idOfSpan(active) === idOfSpan(call.caller)
    ? goOnHere(call, method, client, args)
    : method.apply(client, args);
}

/** The call of the current context, whether or not it has begun. */
export function currentCall(): Call | undefined {
  return callBeingMade ?? (activeContext().getValue(CALL) as Call | undefined);
}

/** The call that the client is working on. A suppressed request may run inside it, for example in a custom fetch. */
export function callInProgress(client: object, active: Context): Call | undefined {
  const call = active.getValue(CALL) as Call | undefined;
  // Without ` || call.settled`, attempts are added to a call that is over.
  // Without ` || call.client !== client`, the request of another client counts as an attempt.
  if (call === undefined || call.settled || call.client !== client) return undefined;
  // The call's own context is never suppressed.
  // Without this, a suppressed request inside a call counts as its attempt.
  if (active !== call.working && isSuppressed(active)) return undefined;
  return call;
}
