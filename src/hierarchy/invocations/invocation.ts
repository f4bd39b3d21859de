import type { Attributes, Span } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import type { ReadonlyCall } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import type { Route } from '../../sdk/routes/index.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { callAttributes } from '../../telemetry/call-attributes.ts';
import { typeOfThrown } from '../../telemetry/outcomes/failure.ts';
import type { AnswerEnd } from '../../telemetry/placement.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { pickAttributes } from '../../util/otel-api.ts';
import { asWord, field } from '../../util/payload.ts';
import type { Segment, SegmentMember } from '../conversations/conversation.ts';
import type { Send } from '../dialect.ts';
import type { OperationClock } from '../operation-clock.ts';
import type { Store } from '../store.ts';
import {
  canContinue,
  type Effect,
  type Life,
  type LifeFact,
  type Living,
  newLife,
  next,
} from './state-machine.ts';

/** Reads an invocation's end, or its missing details after the end. Rejects with the SDK's error. */
export type ReadInvocation = (what: 'end' | 'details', send: Send) => Promise<void>;

export interface InvocationOwner {
  readonly telemetry: Telemetry;
  readonly store: Store;
  carryOut(invocation: Invocation, effect: Effect): void;
}

export interface InvocationBase {
  readonly id: string | undefined;
  readonly endpoint: Endpoint;
  readonly segment: Segment | undefined;
  readonly startTime: number;
  readonly clock: OperationClock;
}

/** An operation that lasts longer than a call, such as a run. Every fact about it is passed to {@link next}. */
export abstract class Invocation implements Living, SegmentMember {
  id: string | undefined;
  readonly endpoint: Endpoint;
  readonly segment: Segment | undefined;
  readonly clock: OperationClock;
  readonly life: Life;
  /** Reads its end or details with our own GET requests. Not set for poll loops, or before the server answers. */
  read: ReadInvocation | undefined;
  protected readonly owner: InvocationOwner;

  abstract readonly timeout: number;

  constructor(base: InvocationBase, owner: InvocationOwner) {
    this.id = base.id;
    this.endpoint = base.endpoint;
    this.segment = base.segment;
    this.clock = base.clock;
    this.life = newLife(base.startTime, owner.telemetry.settings.runSteps === 'fetch');
    this.owner = owner;
    this.segment?.invocations.add(this);
  }

  get expiresAt(): number {
    return Number.POSITIVE_INFINITY;
  }

  get lacks(): Living['lacks'] {
    return 'nothing';
  }

  get isClosed(): boolean {
    return this.life.state === 'closed';
  }

  get isAwaited(): boolean {
    return this.segment?.parentEnd !== undefined;
  }

  /** @param time is measured by the clock of the invocation */
  apply(fact: LifeFact, time: number = this.clock.now()): void {
    for (const effect of next(this, fact, time)) this.owner.carryOut(this, effect);
  }

  touch(time: number): void {
    this.apply({ type: 'sign' }, time);
    this.segment?.touch(time);
  }

  /** Called when the invocation seemed to be over but is not. This is no sign of life. */
  reopen(): void {
    this.apply({ type: 'open' }, this.life.lastOpenTime);
  }

  /** Called when a detail of the invocation was seen, or when something that it waited for is over. */
  settle(): void {
    this.apply({ type: 'detail' }, this.life.lastSign);
  }

  closeIfFinished(): void {
    this.apply({ type: 'flush' }, this.life.lastSign);
  }

  close(): void {
    this.apply({ type: 'close' }, this.life.lastSign);
  }

  /** Called once, when it closes. Returns the time at which its span ends. */
  abstract finish(): number;
}

/** A stream that ends was cut if its invocation continues and does not wait for the program. */
export function endOfStream(answerEnd: AnswerEnd, { life }: Invocation): AnswerEnd {
  return answerEnd === 'completed' && canContinue(life) && life.state !== 'waiting' ? 'cut' : answerEnd;
}

/** The attributes of all streams of an operation, if it began with one. `attributes` has those of the earlier streams. */
export function withStream(
  { [ATTR.OPENAI_STREAM_CHUNK_COUNT]: before }: Attributes,
  { chunks }: Pick<ReadonlyCall, 'chunks'>,
  answerEnd: AnswerEnd,
): Attributes {
  if (answerEnd === undefined || typeof before !== 'number') return {};
  return { [ATTR.OPENAI_STREAM_CHUNK_COUNT]: before + chunks.count, [ATTR.OPENAI_STREAM_END]: answerEnd };
}

/** Whether the program has stopped waiting for the end: it left a stream, or a stream or poll was aborted or failed. */
export function isLeft({ error, method, streamed }: ReadonlyCall, answerEnd: AnswerEnd): boolean {
  if (answerEnd !== undefined) return answerEnd !== 'completed';
  return error !== undefined && (streamed || method === 'GET');
}

export function answerAttributes(call: ReadonlyCall): Attributes {
  return pickAttributes(callAttributes(call), [
    ATTR.OPENAI_REQUEST_ID,
    ATTR.HTTP_RESPONSE_STATUS_CODE,
    ATTR.HTTP_REQUEST_RESEND_COUNT,
  ]);
}

export interface RequestEvent {
  readonly name: string;
  /** The attribute for the `status` in the response. */
  readonly status: string;
}

export function addRequestEvent(
  span: Span,
  { name, status }: RequestEvent,
  call: ReadonlyCall,
  route: Route,
): void {
  const attributes: Attributes = {
    [ATTR.HTTP_REQUEST_METHOD]: route.method,
    [ATTR.URL_TEMPLATE]: route.template,
  };
  define(attributes, status, asWord(field(call.value, 'status')));
  Object.assign(attributes, answerAttributes(call));
  if (call.error !== undefined) attributes[ATTR.ERROR_TYPE] = typeOfThrown(call.error);
  span.addEvent(name, attributes, call.endTime);
}
