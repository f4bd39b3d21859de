import { type Context, ROOT_CONTEXT, type Span } from '@opentelemetry/api';
import { now } from '../util/clock.ts';
import { guard } from '../util/guard.ts';
import { readHeader } from '../util/headers.ts';
import {
  asBoolean,
  asName,
  asText,
  booleanField,
  fieldsOf,
  first,
  MAX_REPEATED,
  numberField,
} from '../util/payload.ts';
import { CallContext } from './call-context.ts';
import { type KeyHolder, readAnswer } from './client-keys.ts';
import type { ToolRun } from './tool-run.ts';

/** How a call ended: exactly one of these, once. */
export type Outcome =
  /** The program got its value: parsed JSON, a page, text, a binary response. */
  | 'value'
  /** A stream was read to its end, left early, aborted, or broke. */
  | 'stream'
  /** The program took the raw `Response`; its body is not ours to read. */
  | 'raw'
  /** The call threw. */
  | 'error'
  /** Nobody ever asked for the result. */
  | 'abandoned'
  /** Tracing was shut down while the call was under way. */
  | 'interrupted';

export type StreamEnd = 'completed' | 'cancelled' | 'aborted' | 'abandoned' | 'error';

/** One HTTP request of a call; more than one means that the SDK retried. */
export interface Attempt {
  readonly startTime: number;
  /** When its answer began, or it failed; of one that was given up for another, when that was. */
  endTime: number | undefined;
  status: number | undefined;
  /** Those of the answer, until the call settles. */
  headers: unknown;
  error: unknown;
}

/** What the rest of the instrumentation does with a call, from its start to its end. */
export interface CallObservation {
  /** The context the SDK's own work runs in, so that HTTP spans nest below the call's span. */
  readonly context: Context;
  /** The call's own span, where it is that of something longer. */
  readonly span?: Span;
  /** Nobody wants to know to the microsecond when chunks come: exact times cost more than all else done for one. */
  readonly roughTimes?: boolean;
  chunk?(value: unknown, time: number): void;
  /** A chunk that only tells usage and that the program, which did not ask for it, does not see. */
  hiddenChunk?(value: unknown): void;
  settle(call: Call): void;
}

/** A webhook that the program was sent and is about to unwrap. */
export interface WebhookDelivery {
  /** That was asked to unwrap it. */
  readonly client: object;
  /** Checks its signature and gives a promise of the event. */
  readonly run: () => unknown;
}

/** Decides whether a call is observed, and how. */
export interface CallObserver {
  /** Told before each call, before its context is read: the last moment to set tracing up. */
  prepare?(): void;
  start(call: Call): CallObservation | undefined;
  /** Told when a call is over. */
  ended?(call: Call): void;
  /** Runs the function and gives what it gives. */
  runTool?(tool: ToolRun): unknown;
  /** Unwraps the webhook and gives what that gives. */
  unwrapWebhook?(delivery: WebhookDelivery): unknown;
}

const NO_ATTEMPTS: readonly Attempt[] = [];

/**
 * One call of the SDK: what the program asked for and what came of it. It is settled exactly once, and
 * span, metrics and events are all derived from it, so that they cannot disagree.
 *
 * Times are milliseconds since the epoch.
 */
export class Call implements KeyHolder {
  readonly client: object;
  readonly startTime: number = now();
  endTime = 0;
  /** The caller's context; once the call has begun, that of its span. Let go when the call settles. */
  context: Context;
  /** The context that the SDK works in; let go with it. */
  working: CallContext | undefined;

  method = '';
  path = '';
  body: unknown;
  query: unknown;
  /** Sent by the SDK's poll helpers, which repeat one retrieve until a resource is ready. */
  pollHelper = false;
  assistantsVersion: string | undefined;

  /** The first attempts and the last one. */
  attempts: readonly Attempt[] = NO_ATTEMPTS;
  attemptCount = 0;
  /** Those of the last request, which hold its keys. */
  sentHeaders: unknown;
  status: number | undefined;
  headers: unknown;
  headersTime = 0;

  outcome: Outcome | undefined;
  value: unknown;
  error: unknown;

  streamed = false;
  /** Set by the observer: the stream is asked for its usage if the caller does not say whether it wants it. */
  wantsUsage = false;
  /** Set by the observer: the trace context travels in the metadata of what the call creates. */
  propagates = false;
  /** The usage was asked for, so its chunk is not for the program. */
  hidesUsage = false;
  streamEnd: StreamEnd | undefined;
  /** Somebody has begun to read the stream. */
  read = false;
  chunkCount = 0;
  firstChunkTime: number | undefined;
  lastChunkTime: number | undefined;

  begun = false;
  /** The promise that carries the response, until that has come. */
  carrier: object | undefined;
  /** That promise is not the request's own: once the program asks, it alone tells what comes of the call. */
  indirect = false;
  /** The program has asked for the result, before the response has come. */
  asked = false;
  /** The program called `asResponse()`. */
  rawRequested = false;
  observation: CallObservation | undefined;
  readonly #observer: CallObserver;

  constructor(client: object, observer: CallObserver, callerContext: Context) {
    this.client = client;
    this.#observer = observer;
    this.context = callerContext;
    this.working = new CallContext(this, callerContext);
  }

  get settled(): boolean {
    return this.outcome !== undefined;
  }

  /** Whatever was thrown, even `undefined`. */
  get failed(): boolean {
    return this.outcome === 'error' || this.streamEnd === 'error';
  }

  /** Takes in the final request options of the SDK, before it builds the request from them. */
  begin(options: unknown): void {
    this.begun = true;
    // guard: a request that cannot be read breaks the call
    guard('reading a request', readOptions, this, options);
    // guard: a span that cannot be started breaks the call
    this.observation = guard('starting a call', startObservation, this.#observer, this);
    this.context = this.observation?.context ?? this.context;
    this.working?.enter(this.context);
    // Read by now: a stream may be open for long, and must not keep what was sent alive.
    // guard: an open stream keeps what was sent alive
    this.body = this.query = undefined;
  }

  attempted(attempt: Attempt): void {
    this.attemptCount++;
    this.attempts = [...first(this.attempts, MAX_REPEATED - 1), attempt];
  }

  /** Takes in the response's status and headers, known before its body is read. */
  responded(response: unknown): void {
    this.headersTime = this.attempts.at(-1)?.endTime ?? now();
    readResponse(this, response);
  }

  chunk(value: unknown): void {
    const { observation, lastChunkTime } = this;
    const rough = lastChunkTime !== undefined && observation?.roughTimes === true;
    const time = rough ? Math.max(Date.now(), lastChunkTime) : now();
    this.chunkCount++;
    this.firstChunkTime ??= time;
    this.lastChunkTime = time;
    // guard: a chunk that cannot be read breaks the stream
    if (observation?.chunk !== undefined) guard('reading a chunk', readAnswer, this, passChunk, value, time);
  }

  hiddenChunk(value: unknown): void {
    guard('reading a chunk', () => this.observation?.hiddenChunk?.(value));
  }

  succeed(value: unknown): void {
    this.#settle('value', value, undefined);
  }

  fail(error: unknown): void {
    // A response that is an error is thrown, not returned.
    this.status = numberField(error, 'status') ?? this.status;
    this.#settle('error', undefined, error);
  }

  endStream(end: StreamEnd, error?: unknown): void {
    // guard: a stream that was ended says afterwards that it ended otherwise
    if (this.settled) return;
    this.streamEnd = end;
    this.#settle('stream', undefined, error);
  }

  /** Ends a call that has no result to read: its body is the program's, or nobody wanted it. */
  close(outcome: 'raw' | 'abandoned' | 'interrupted'): void {
    if (outcome !== 'raw' && this.streamed) this.streamEnd ??= 'abandoned';
    this.#settle(outcome, undefined, undefined);
  }

  #settle(outcome: Outcome, value: unknown, error: unknown): void {
    // guard: a call that is over ends again
    if (this.settled) return;
    this.outcome = outcome;
    // That nobody reads on is noticed long after the last thing that happened.
    this.endTime = (outcome === 'abandoned' && (this.lastChunkTime ?? this.headersTime)) || now();
    this.value = value;
    this.error = error;
    const { observation } = this;
    // guard: a span that cannot be ended keeps the result from the program
    if (observation !== undefined)
      guard('ending a call', readAnswer, this, settleObservation, undefined, this.endTime);
    guard('forgetting a call', tellObserver, this.#observer, this);
    // guard: who holds a promise or a stream holds all of its request and answer
    this.#release();
  }

  /** Promises and streams may be held for long: a settled call keeps no payload alive. */
  #release(): void {
    this.observation = undefined;
    this.value = this.error = this.headers = this.sentHeaders = undefined;
    for (const attempt of this.attempts) attempt.headers = attempt.error = undefined;
    this.context = ROOT_CONTEXT;
    this.working = this.carrier = undefined;
  }
}

function startObservation(observer: CallObserver, call: Call): CallObservation | undefined {
  return observer.start(call);
}

function settleObservation(call: Call): void {
  call.observation?.settle(call);
}

function tellObserver(observer: CallObserver, call: Call): void {
  observer.ended?.(call);
}

function passChunk(call: Call, value: unknown, time: number): void {
  call.observation?.chunk?.(value, time);
}

function readOptions(call: Call, options: unknown): void {
  const { method, path, body, query, stream, headers } = fieldsOf(options);
  call.method = asName(method)?.toUpperCase() ?? '';
  call.path = asText(path) ?? '';
  call.body = body;
  call.query = query;
  call.streamed = asBoolean(stream) ?? booleanField(body, 'stream') ?? false;
  if (headers === undefined) return;
  call.pollHelper = readHeader(headers, 'X-Stainless-Poll-Helper') === 'true';
  call.assistantsVersion = readHeader(headers, 'OpenAI-Beta');
}

/** What an answer says before its body is read, of a call or of one attempt at it. */
export function readResponse(answered: Pick<Attempt, 'status' | 'headers'>, response: unknown): void {
  const { status, headers } = fieldsOf(response);
  answered.status = typeof status === 'number' ? status : undefined;
  answered.headers = headers;
}
