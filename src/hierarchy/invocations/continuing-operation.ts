import { type Attributes, trace } from '@opentelemetry/api';
import type { Call, StreamEnd } from '../../sdk/call.ts';
import type { Route } from '../../sdk/routes/index.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { recordAttempts } from '../../telemetry/attempts.ts';
import { type Failure, readFailure } from '../../telemetry/error.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { field } from '../../util/payload.ts';
import type { OpenRecord, Placement } from '../api.ts';
import type { Segment } from '../conversations/conversation.ts';
import type { OperationClock } from '../operation-clock.ts';
import { isLeft } from './invocation-requests.ts';
import type { Member } from './life.ts';
import { Life } from './life.ts';
import { addRequestEvent, answerAttributes, type RequestEvent } from './request-details.ts';

/** How one kind of operation continues after its call: a background response, or a poll loop. */
export interface ContinuationTraits {
  /** Milliseconds without a sign of life after which the operation is given up. */
  readonly timeout: number;
  /** What a result tells of the operation; `undefined` if nothing. */
  stateOf(result: unknown): 'open' | 'over' | undefined;
  /** The part of an open result that is recorded if no other result follows. */
  kept?(result: unknown): unknown;
  /** The result in an event of a stream. */
  resultIn?(event: unknown): unknown;
  /** When the operation ended, in milliseconds since the epoch on the server's clock. */
  endedAt?(result: unknown): number | undefined;
  /** Tells of a later request that failed, or that did more than read. */
  readonly requestEvent?: RequestEvent;
  /** Whether a request that brings no result ends the operation. */
  readonly endsWithoutResult?: true;
  /** Attributes that its span gets at the end. */
  attributes?(requests: number): Attributes;
}

export interface ContinuingStart {
  readonly record: OpenRecord;
  readonly segment?: Segment | undefined;
  /** Of the call that began the operation. */
  readonly result: unknown;
  /** When that call ended. */
  readonly time: number;
  readonly clock: OperationClock;
  /** Of the program: once it is aborted, no further request follows. */
  readonly signal?: unknown;
}

/** Called once, after the record of the operation has ended, with its last result. */
export type ClosedListener = (result: unknown, endTime: number) => void;

/** What the SDK throws. */
const ABORTED: Failure = { type: 'APIUserAbortError', message: undefined };

/** An operation that continues after its call, until a later request, an event or a timeout ends it. */
export class ContinuingOperation implements Member {
  readonly record: OpenRecord;
  readonly segment: Segment | undefined;
  readonly life: Life;
  readonly traits: ContinuationTraits;
  readonly #closed: ClosedListener;
  readonly clock: OperationClock;
  readonly #signal: unknown;
  #requests = 1;
  /** Of the stream that began it, and of those that resumed it. */
  #stream: { chunks: number; end: StreamEnd } | undefined;
  #latest: unknown;

  constructor(traits: ContinuationTraits, start: ContinuingStart, closed: ClosedListener) {
    const { record, segment, result, time, clock } = start;
    this.traits = traits;
    this.record = record;
    this.segment = segment;
    this.#closed = closed;
    this.clock = clock;
    this.#signal = start.signal;
    this.#latest = this.#kept(result);
    this.life = new Life(time);
    segment?.invocations.add(this);
  }

  /** Whether its end is known. */
  get hasEnded(): boolean {
    return this.life.endTime !== undefined;
  }

  /** Whether the program has aborted it. No listener tells: a signal of the program may live for as long as the process. */
  get isAborted(): boolean {
    return field(this.#signal, 'aborted') === true;
  }

  /** @param live whether a stream reported it as it happened */
  see(result: unknown, time: number, live: boolean): void {
    const { life } = this;
    const state = this.traits.stateOf(result);
    if (life.state === 'closed' || state === undefined) return;
    this.#latest = state === 'over' ? result : this.#kept(result);
    if (state === 'open') {
      life.goOn(time);
      return;
    }
    const endTime = live ? time : this.clock.local(this.traits.endedAt?.(result), time);
    const clamped = life.endSeenAt(time, endTime);
    life.end(clamped);
    if (live && this.#stream !== undefined) this.#stream.end = 'completed';
    this.#close(clamped);
  }

  /**
   * Takes an event of a stream that tells of the operation.
   *
   * @param ownClock that of the request
   */
  seeEvent(event: unknown, time: number, ownClock: number): void {
    if (this.#stream !== undefined) this.#stream.chunks++;
    const result = this.traits.resultIn?.(event);
    if (result !== undefined) this.see(result, this.clock.from(time, ownClock), true);
  }

  /** Called when the stream that began it, or one that resumed it, has ended. */
  streamed({ streamEnd: end, chunkCount: chunks }: Call): void {
    if (end === undefined) return;
    if (this.#stream !== undefined) this.#stream.end = end;
    else if (this.#requests === 1) this.#stream = { chunks, end };
  }

  /** Called for each later request about it. */
  requested(): void {
    this.life.closing.cancel();
    this.life.requests++;
  }

  answered(call: Call): void {
    const { life, clock } = this;
    const { outcome, headers, headersTime, ownClock } = call;
    const endTime = clock.from(call.endTime, ownClock);
    clock.answered(headers, clock.from(headersTime, ownClock));
    life.requests--;
    this.#requests++;
    if (call.streamEnd === 'completed' && life.canGoOn) call.streamEnd = 'cut';
    this.streamed(call);
    if (outcome === 'value') this.see(call.value, endTime, false);
    else if (this.traits.endsWithoutResult)
      this.#close(endTime, call.failed ? readFailure(call.error) : undefined, answerAttributes(call));
    if (isLeft(call)) life.closing.begin();
  }

  /** Ends its span with the last known result. */
  close(): void {
    this.#close(this.life.lastOpenTime, this.isAborted ? ABORTED : undefined);
  }

  /** It outlives the span that bounds its conversation. */
  closeIfFinished(): void {}

  overdue(): boolean {
    return this.isAborted || this.life.isSilent(this.traits.timeout);
  }

  #kept(result: unknown): unknown {
    return this.traits.kept === undefined ? result : this.traits.kept(result);
  }

  /** @param answer attributes of the request that ended it, if that brought no result */
  #close(endTime: number, failure?: Failure, answer?: Attributes): void {
    if (this.life.state === 'closed') return;
    this.life.close();
    const attributes = { ...this.traits.attributes?.(this.#requests), ...answer };
    if (this.#stream !== undefined) Object.assign(attributes, streamAttributes(this.#stream));
    this.record.add({ attributes });
    this.record.end({ result: this.#latest, failure }, endTime);
    this.#closed(this.#latest, endTime);
    this.segment?.invocationClosed(this, endTime);
  }
}

function streamAttributes({ chunks, end }: { chunks: number; end: StreamEnd }): Attributes {
  return { [ATTR.OPENAI_STREAM_CHUNK_COUNT]: chunks, [ATTR.OPENAI_STREAM_END]: end };
}

/** Folds a later request about the operation, such as a poll or a resumed stream, into its record. */
export function requestAbout(
  operation: ContinuingOperation,
  telemetry: Telemetry,
  call: Call,
  route: Route,
): Placement {
  const { clock, record, traits } = operation;
  call.goBy(clock.own);
  operation.requested();
  return {
    parent: record.context,
    foldInto: record,
    hearsEvents: true,
    onFact: (event, time) => operation.seeEvent(event, time, clock.own),
    onEnd: (ended) => {
      recordAttempts(telemetry, ended, record.context);
      const { requestEvent } = traits;
      const span = trace.getSpan(record.context);
      const isTold = ended.error !== undefined || ended.method !== 'GET';
      // The SDK logs a warning for a span that has ended.
      if (requestEvent && isTold && span?.isRecording() === true)
        addRequestEvent(span, requestEvent, ended, route);
      operation.answered(ended);
      return undefined;
    },
  };
}
