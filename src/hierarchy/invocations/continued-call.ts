import { type Attributes, type Context, trace } from '@opentelemetry/api';
import type { ReadonlyCall } from '../../sdk/call.ts';
import type { Route } from '../../sdk/routes/index.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { recordAttempts } from '../../telemetry/attempts.ts';
import { type Failure, readThrown } from '../../telemetry/outcomes/failure.ts';
import type { AnswerEnd, OpenRecord, Placement } from '../../telemetry/placement.ts';
import {
  addRequestEvent,
  answerAttributes,
  endOfStream,
  Invocation,
  type InvocationBase,
  type InvocationOwner,
  isLeft,
  type RequestEvent,
  withStream,
} from './invocation.ts';
import { endTimeOf } from './state-machine.ts';

/** How one kind of operation continues after its call: a background response, or a poll loop. */
export interface ContinuationTraits {
  /** Milliseconds without a sign of life after which the operation is given up. */
  readonly timeout: number;
  /** Whether the operation is over, according to a result; `undefined` if the result does not say. */
  stateOf(result: unknown): 'open' | 'over' | undefined;
  /** The part of a result to keep while the operation is open. It is recorded if no other result follows. */
  kept?(result: unknown): unknown;
  /** The result that an event of a stream contains; `undefined` if it contains none. */
  resultIn?(event: unknown): unknown;
  /** When the operation ended, in milliseconds since the epoch on the server's clock. */
  endedAt?(result: unknown): number | undefined;
  /** The span event for each later request that failed or is not a GET; `undefined` for no events. */
  readonly requestEvent?: RequestEvent;
  /** Set if a later request without a result, such as a failed one, ends the operation. */
  readonly endsWithoutResult?: true;
  attributes?(requests: number): Attributes;
}

export interface ContinuedStart extends InvocationBase {
  readonly record: OpenRecord;
  readonly closed: (operation: ContinuedCall, result: unknown, endTime: number) => void;
}

export class ContinuedCall extends Invocation {
  readonly #record: OpenRecord;
  readonly context: Context;
  readonly traits: ContinuationTraits;
  readonly timeout: number;
  readonly #closed: ContinuedStart['closed'];
  #requests = 1;
  /** The attributes of its streams, if it began with one. */
  #streams: Attributes = {};
  #latest: unknown;
  #failure: Failure | undefined;

  constructor(traits: ContinuationTraits, start: ContinuedStart, owner: InvocationOwner) {
    super(start, owner);
    this.traits = traits;
    this.timeout = traits.timeout;
    this.#record = start.record;
    this.context = start.record.context;
    this.#closed = start.closed;
  }

  /** @param stream the call whose stream reports the result */
  see(result: unknown, time: number, stream?: ReadonlyCall): void {
    const state = this.traits.stateOf(result);
    if (this.isClosed || state === undefined) return;
    this.#latest = state === 'over' || !this.traits.kept ? result : this.traits.kept(result);
    if (state === 'open') {
      this.apply({ type: 'open' }, time);
      return;
    }
    if (stream !== undefined) this.#add(stream, 'completed');
    this.#end(stream ? time : this.clock.local(this.traits.endedAt?.(result), time), time);
  }

  /** Ends and records the operation at once. The rest of a stream that reported the end changes nothing. */
  #end(endTime: number, time: number): void {
    this.apply({ type: 'ended', endTime, latest: time }, time);
    this.close();
  }

  seeEvent(event: unknown, time: number, call: ReadonlyCall): void {
    const result = this.traits.resultIn?.(event);
    if (result !== undefined) this.see(result, this.clock.from(time, call.ownClock), call);
  }

  /** Called when the call that began it is over: the program may have left its stream before the operation ended. */
  startedWith(call: ReadonlyCall, answerEnd: AnswerEnd): void {
    this.#streams = withStream({ [ATTR.OPENAI_STREAM_CHUNK_COUNT]: 0 }, call, answerEnd);
    if (isLeft(call, answerEnd)) this.apply({ type: 'left' }, this.clock.from(call.endTime, call.ownClock));
  }

  #add(stream: ReadonlyCall, end: AnswerEnd): void {
    Object.assign(this.#streams, withStream(this.#streams, stream, end));
  }

  requested({ startTime, ownClock }: ReadonlyCall): void {
    this.apply({ type: 'asked', outlives: false }, this.clock.from(startTime, ownClock));
  }

  /** @returns how its stream ended: it was cut if the operation continues */
  answered(call: ReadonlyCall, answerEnd: AnswerEnd): AnswerEnd {
    const { clock, traits } = this;
    const { outcome, ownClock } = call;
    const time = clock.from(call.endTime, ownClock);
    this.#requests++;
    const end = endOfStream(answerEnd, this);
    this.#add(call, end);
    if (outcome === 'value') this.see(call.value, time);
    else if (traits.endsWithoutResult && !this.isClosed) {
      this.#failure = call.failed ? readThrown(call.error) : undefined;
      this.#record.add({ attributes: answerAttributes(call) });
      this.#end(time, time);
    }
    if (call.method === 'DELETE' && call.error === undefined) {
      this.apply({ type: 'sign' }, time);
      this.close();
    }
    if (isLeft(call, end)) this.apply({ type: 'left' }, time);
    this.apply({ type: 'answered', outlives: false }, time);
    return end;
  }

  fold(call: ReadonlyCall, route: Route): Placement {
    const { context } = this;
    this.requested(call);
    return {
      parent: context,
      foldInto: this,
      needsEvents: true,
      onFact: (event, time) => this.seeEvent(event, time, call),
      onEnd: (ended, _, __, answerEnd) => {
        if (ended.attemptCount > 1) recordAttempts(this.owner.telemetry, ended, context);
        const { requestEvent } = this.traits;
        const span = trace.getSpan(context);
        const isEvent = ended.error !== undefined || ended.method !== 'GET';
        // OpenTelemetry's SDK logs a warning if an event is added to a span that has ended.
        if (requestEvent && isEvent && span?.isRecording() === true)
          addRequestEvent(span, requestEvent, ended, route);
        this.answered(ended, answerEnd);
        return undefined;
      },
    };
  }

  override finish(): number {
    const endTime = endTimeOf(this.life);
    const attributes = this.traits.attributes?.(this.#requests);
    this.#record.add({ attributes: { ...attributes, ...this.#streams } });
    // What was given up has no duration: it lasts longer than this process has watched it.
    const isUntimed = this.life.endTime === undefined;
    this.#record.end({ result: this.#latest, failure: this.#failure, isUntimed }, endTime);
    this.#closed(this, this.#latest, endTime);
    return endTime;
  }
}
