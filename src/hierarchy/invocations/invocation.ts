import type { Endpoint } from '../../sdk/provider.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Segment, SegmentMember } from '../conversations/conversation.ts';
import type { Send } from '../dialect.ts';
import type { OperationClock } from '../operation-clock.ts';
import type { Store } from '../store.ts';
import { type Effect, type Life, type LifeFact, type Living, newLife, next } from './life.ts';

/**
 * Reads how an invocation ended, or the missing details of one that has.
 *
 * @throws the SDK's error
 */
export type ReadInvocation = (what: 'end' | 'details', send: Send) => Promise<void>;

/** Carries out the effects of the facts about an invocation. */
export interface InvocationOwner {
  readonly telemetry: Telemetry;
  readonly store: Store;
  carryOut(invocation: Invocation, effect: Effect): void;
}

const SIGN: LifeFact = { type: 'sign' };
const DETAIL: LifeFact = { type: 'detail' };
const FLUSH: LifeFact = { type: 'flush' };
const CLOSE: LifeFact = { type: 'close' };

/** What all operations of this kind begin with. */
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
  /** Sends our own GET requests about it; `undefined` where there is nothing to read. */
  read: ReadInvocation | undefined;
  readonly #owner: InvocationOwner;

  abstract readonly timeout: number;

  constructor(base: InvocationBase, owner: InvocationOwner) {
    this.id = base.id;
    this.endpoint = base.endpoint;
    this.segment = base.segment;
    this.clock = base.clock;
    this.life = newLife(base.startTime, owner.telemetry.settings.runSteps === 'fetch');
    this.#owner = owner;
    this.segment?.invocations.add(this);
  }

  get expiresAt(): number {
    return Number.POSITIVE_INFINITY;
  }

  get lacks(): Living['lacks'] {
    return 'nothing';
  }

  /** Whether the program has aborted it. */
  get isAborted(): boolean {
    return false;
  }

  get isRecorded(): boolean {
    return this.life.state === 'closed';
  }

  get isAwaited(): boolean {
    return this.segment?.parentEnd !== undefined;
  }

  /** @param time of the fact, by the clock of the invocation */
  hear(fact: LifeFact, time: number = this.clock.now()): void {
    for (const effect of next(this, fact, time)) this.#owner.carryOut(this, effect);
  }

  /** Notes a sign of life, also for its conversation. */
  touch(time: number): void {
    this.hear(SIGN, time);
    this.segment?.touch(time);
  }

  /** Called when a detail of it was seen, or when something that it waited for is over. */
  settle(): void {
    this.hear(DETAIL, this.life.lastSign);
  }

  closeIfFinished(): void {
    this.hear(FLUSH, this.life.lastSign);
  }

  close(): void {
    this.hear(CLOSE, this.life.lastSign);
  }

  /** Records what it has spent. Called once, when its end becomes known. */
  abstract recordUsage(): void;
  /** Records its span with what is known by now. */
  abstract record(): void;
}
