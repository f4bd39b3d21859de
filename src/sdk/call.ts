import { type Attributes, type Context, ROOT_CONTEXT } from '@opentelemetry/api';
import { clockIn, now, type SpanClock } from '../util/clock.ts';
import { guard, logError } from '../util/guard.ts';
import { asName, field, fieldsOf, MAX_REPEATED, numberField, type PayloadObject } from '../util/payload.ts';
import { ProcessWide } from '../util/process-state.ts';
import { VERSION } from '../util/version.ts';
import type { Outcome, OutcomeListener } from '../util/watch-result.ts';
import { type AnsweredRequest, nowReading } from './client-keys.ts';
import { originOf } from './provider.ts';
import type { OpenedSocket, SocketObservation } from './sockets/socket.ts';

/** How a call ended. Every call ends once, in one of these ways. */
type CallOutcome =
  /** The program got its value: parsed JSON, a page, text, a binary response. */
  | 'value'
  /** A stream was read to its end, left early, aborted, or broke. */
  | 'stream'
  /** The program took the raw `Response`, whose body we do not read. */
  | 'raw'
  /** The call threw. */
  | 'error'
  /** The program never asked for the result. */
  | 'abandoned'
  /** Tracing was shut down during the call. */
  | 'interrupted';

/** How a stream ended. `cut`: without an error, but apparently before the answer was complete. */
export type StreamEnd = 'completed' | 'cut' | 'cancelled' | 'aborted' | 'abandoned' | 'error';

/**
 * Objects of the SDK hold this instead of the call, so that the call can be freed once it has settled. In `openai` 7,
 * functions that V8 allocates as long-lived hold those objects until the next full garbage collection.
 */
export interface CallReference {
  call: Call | undefined;
}

/** One HTTP request of a call, kept until the call settles. A call has several when the SDK retries. */
export interface Attempt {
  readonly startTime: number;
  /** When the response headers arrived, the request failed, or the SDK gave it up for a retry. */
  endTime: number | undefined;
  status: number | undefined;
  headers: unknown;
  error: unknown;
  /** The URL and the headers that were sent, which contain API keys. */
  readonly sentURL: unknown;
  readonly sentHeaders: unknown;
}

export function readResponse(answered: Pick<Attempt, 'status' | 'headers'>, response: unknown): void {
  const { status, headers } = (response ?? {}) as PayloadObject;
  answered.status = typeof status === 'number' ? status : undefined;
  answered.headers = headers;
}

/** Observes one call, from its start to its end. */
export interface CallObservation {
  /** The context that the SDK works in, so that HTTP spans nest below the call's span. */
  readonly context: Context;
  /** Whether whole milliseconds are enough for chunk times. Exact times would be a chunk's largest cost. */
  readonly roughTimes?: boolean;
  chunk?(value: unknown, time: number): void;
  /** A usage chunk that the program did not ask for and does not see. */
  hiddenChunk?(value: unknown): void;
  /** What would be recorded of a stream so far. `undefined` if content is not recorded, or only after a hook. */
  answerSoFar?(): AnswerSoFar | undefined;
  settle(call: Call): void;
}

export interface AnswerSoFar {
  readonly spanId: string;
  readonly attributes: Attributes;
}

export interface ModelToolCall {
  readonly id: string;
  readonly arguments: unknown;
}

/** A function of the program that the model asked for and that a helper of the SDK is about to run. */
export interface ToolRun {
  readonly client: object;
  readonly name: string;
  /** The arguments that the function gets: parsed, or as JSON text. */
  readonly arguments: unknown;
  /** The tool calls with which the model asked for this function. */
  readonly calls: () => readonly ModelToolCall[];
  /** The messages to which the model answered with these tool calls. */
  readonly history: () => readonly unknown[];
  readonly run: () => unknown;
}

/** Decides whether and how the work of a client is observed. */
export interface CallObserver {
  /**
   * Runs before each call, before its context is read. This is the last chance to set up tracing.
   *
   * @returns whether anything receives what is recorded. If not, the call is not observed, and costs almost nothing.
   */
  prepare?(): boolean;
  start(call: Call): CallObservation | undefined;
  /** Runs when a call is over. Must not throw. */
  readonly ended?: (() => void) | undefined;
  /** Runs when a helper of the SDK is about to start a loop of model and tool calls. */
  startLoop?(): OutcomeListener | undefined;
  /** Runs a function that the model asked for, and returns its result. */
  runTool?(tool: ToolRun): unknown;
  /** Runs when a client unwraps a webhook. */
  startWebhook?(client: object): Outcome | undefined;
  /** Observes everything on a socket that is not a call. */
  openSocket?(socket: OpenedSocket): SocketObservation | undefined;
}

const NO_ATTEMPTS: readonly Attempt[] = [];

/** One call of the SDK: its request and its outcome. It settles exactly once. Times are milliseconds since the epoch. */
export class Call implements AnsweredRequest {
  readonly client: object;
  readonly observer: CallObserver;
  readonly reference: CallReference = { call: this };

  /** The clock of the caller's span, so that the call ends before that span does. */
  readonly clock: SpanClock;
  startTime: number;
  /** The caller's clock, or else ours at the start of the call: somebody may set the system clock later. */
  ownClock: number;
  endTime = 0;
  /** The caller's context or, once the call has begun, that of its span. */
  context: Context;
  caller: Context;
  /** The context in which the SDK works. */
  working: Context | undefined;

  begun = false;
  method = '';
  path = '';
  body: unknown;
  query: unknown;
  /** The SDK's own `__metadata`. It names the model if the body is a form that cannot be read. */
  sdkMetadata: unknown;
  /** The options that the SDK sends, kept until the result is read. They identify a retry. */
  options: unknown;
  /** The headers in the options. Reading one is slow, so they are read only where needed. */
  requestHeaders: unknown;
  /** Set by the observer: ask the server for the usage of the stream, unless the program has set that option itself. */
  wantsUsage = false;
  /** Set by the observer: put the trace context into the metadata of the resource that the call creates. */
  propagates = false;
  /** Set by the observer: say in the metadata that this process does not record what the call creates. */
  handsOn = false;
  /** We asked for the usage, so the program must not see the usage chunk. */
  hidesUsage = false;

  lastAttempt: Attempt | undefined;
  attemptCount = 0;
  #earlierAttempts: readonly Attempt[] = NO_ATTEMPTS;
  status: number | undefined;
  headers: unknown;
  headersTime = 0;

  /** The promise of the response, until the response has arrived. */
  carrier: object | undefined;
  /** Whether a subclass replaced the promise that we returned from `makeRequest`. Only the new one counts. */
  indirect = false;
  /** The program has asked for the result. */
  requested = false;
  /** The program called `asResponse()`. */
  rawRequested = false;

  streamed = false;
  /** The program has begun to read the stream. */
  read = false;
  chunkCount = 0;
  firstChunkTime: number | undefined;
  lastChunkTime: number | undefined;
  /** The longest time between two chunks, in milliseconds. */
  longestChunkGap = 0;
  streamEnd: StreamEnd | undefined;

  /** Set once the call has settled. */
  outcome: CallOutcome | undefined;
  value: unknown;
  error: unknown;

  observation: CallObservation | undefined;
  /** The neighbouring calls in the list of calls in flight. */
  older: Call | undefined;
  newer: Call | undefined;

  /** @param times when and by which clock the call began. Default: now, and the caller's clock */
  constructor(
    client: object,
    observer: CallObserver,
    caller: Context,
    times?: { readonly startTime: number | undefined; readonly clock: SpanClock },
  ) {
    const reading = performance.now();
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

  /** Whether the response has arrived, but the program has not asked for the result. */
  get isUnclaimed(): boolean {
    return this.headersTime > 0 && !this.requested;
  }

  /** The first attempts and the last one. */
  get attempts(): readonly Attempt[] {
    const { lastAttempt: last } = this;
    return last === undefined ? NO_ATTEMPTS : [...this.#earlierAttempts, last];
  }

  now(): number {
    return this.ownClock + performance.now();
  }

  /** Changes the clock to that of an earlier operation, of which the call is a part. */
  goBy(clock: number): void {
    this.startTime += clock - this.ownClock;
    this.ownClock = clock;
  }

  /** @param options the SDK's final request options */
  begin(options: unknown): void {
    this.begun = true;
    try {
      this.#readOptions(options);
    } catch (error) {
      logError('reading a request', error);
    }
    try {
      this.observation = this.observer.start(this);
      if (this.observation !== undefined) addOpenCall(this);
    } catch (error) {
      logError('starting a call', error);
    }
    this.context = this.observation?.context ?? this.context;
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
    this.streamed = typeof stream === 'boolean' ? stream : field(body, 'stream') === true;
    this.requestHeaders = headers;
  }

  attempted(attempt: Attempt): void {
    this.attemptCount++;
    if (this.lastAttempt !== undefined && this.#earlierAttempts.length < MAX_REPEATED - 1)
      this.#earlierAttempts = [...this.#earlierAttempts, this.lastAttempt];
    this.lastAttempt = attempt;
  }

  /** Called when status and headers have arrived, before the body. */
  responded(response: unknown): void {
    this.headersTime = this.lastAttempt?.endTime ?? this.now();
    readResponse(this, response);
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

  succeed(value: unknown): void {
    this.#settle('value', value, undefined);
  }

  fail(error: unknown): void {
    // If the status is an error, the SDK throws, and `responded` does not see the response.
    this.status = numberField(error, 'status') ?? this.status;
    this.#settle('error', undefined, error);
  }

  endStream(end: StreamEnd, error?: unknown): void {
    if (this.outcome !== undefined) return;
    this.streamEnd = end;
    this.#settle('stream', undefined, error);
  }

  /** Ends a call without a result to read: the program takes the body itself, or never asked for the result. */
  close(outcome: 'raw' | 'abandoned' | 'interrupted'): void {
    if (outcome !== 'raw' && this.streamed) this.streamEnd ??= 'abandoned';
    // An answer that is still unread at the end of the program was abandoned when it arrived.
    const isUnread = outcome === 'interrupted' && !(this.streamed ? this.read : this.requested);
    this.#settle(outcome, undefined, undefined, isUnread || outcome === 'abandoned');
  }

  #settle(outcome: CallOutcome, value: unknown, error: unknown, isLate = false): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    // Abandonment is noticed late, so the call ends when its last chunk or its headers arrived.
    this.endTime = (isLate && (this.lastChunkTime ?? this.headersTime)) || this.now();
    if (this.lastChunkTime !== undefined && this.lastChunkTime > this.endTime) {
      // The wall clock was set between two chunks.
      this.lastChunkTime = this.endTime;
      this.longestChunkGap = Math.min(this.longestChunkGap, this.endTime - this.startTime);
    }
    this.value = value;
    this.error = error;
    const before = nowReading(this);
    try {
      this.observation?.settle(this);
    } catch (error) {
      logError('ending a call', error);
    }
    nowReading(before);
    removeOpenCall(this);
    this.observer.ended?.();
    if (this.streamed || !this.requested) lostResults.unregister(this);
    this.#release();
  }

  /** Drops every payload: a program may retain promises and streams for long. */
  #release(): void {
    this.observation = undefined;
    this.value = this.error = this.headers = this.options = undefined;
    this.requestHeaders = this.lastAttempt = undefined;
    this.#earlierAttempts = NO_ATTEMPTS;
    this.context = this.caller = ROOT_CONTEXT;
    this.working = this.carrier = this.reference.call = undefined;
  }
}

/**
 * Ends a call whose promise or stream was garbage collected, so that its result can no longer be read. A call is
 * unregistered once its result is being read or the call has settled: V8 keeps a registered object, and everything to
 * which it refers, through each collection of young objects.
 */
export const lostResults: FinalizationRegistry<Call> = new FinalizationRegistry((call) =>
  call.close('abandoned'),
);

/** Closes the call if the object that leads to its result is garbage collected. A call watches one object. */
export function watchForLoss(call: Call, object: object): void {
  lostResults.unregister(call);
  lostResults.register(object, call, call);
}

/**
 * The newest observed call in flight, of all copies of this release: one copy patches for all of them. The
 * calls form a linked list, because a set would allocate a new table for each call of a quiet program.
 */
const inFlight = new ProcessWide<{ newest: Call | undefined }>(`open-calls@${VERSION}`, () => ({
  newest: undefined,
}));

/** The calls in flight, oldest first: all, or those of one observer. */
export function openCalls(observer?: CallObserver): Call[] {
  const calls: Call[] = [];
  for (let call = inFlight.value.newest; call !== undefined; call = call.older)
    if (observer === undefined || call.observer === observer) calls.push(call);
  return calls.reverse();
}

export function addOpenCall(call: Call): void {
  const list = inFlight.value;
  call.older = list.newest;
  if (call.older !== undefined) call.older.newer = call;
  list.newest = call;
}

/** Does nothing for a call that was not added. */
export function removeOpenCall(call: Call): void {
  const { older, newer } = call;
  if (newer !== undefined) newer.older = older;
  else if (inFlight.value.newest === call) inFlight.value.newest = older;
  if (older !== undefined) older.newer = newer;
  call.older = call.newer = undefined;
}

/** Whether at least `count` requests of the program are waiting for an answer from a server. */
export function hasRequestsInProgress(origin: string, count: number): boolean {
  let waiting = 0;
  for (let call = inFlight.value.newest; call !== undefined; call = call.older) {
    const { headersTime, attemptCount, client } = call;
    // A response over a socket has no attempts: it waits for no request.
    if (headersTime === 0 && attemptCount > 0 && originOf(client) === origin) waiting++;
    if (waiting === count) return true;
  }
  return false;
}
