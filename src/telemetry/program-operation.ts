import type { Context } from '@opentelemetry/api';
import { clockIn, LastingClock, now, type SpanClock, shareClock } from '../util/clock.ts';
import { activeContext, runIn } from '../util/context.ts';
import { guard } from '../util/guard.ts';
import type { OutcomeListener } from '../util/watch-result.ts';
import { plainDataReader } from './content/plain-data.ts';
import type { OperationKind } from './operation.ts';
import { readThrown } from './outcomes/failure.ts';
import type { Placement, RecordOutcome } from './placement.ts';
import { OperationRecord, type RecordStart } from './record.ts';
import type { Telemetry } from './telemetry.ts';

const MAX_YIELDED = 1_000;

export interface ProgramResult {
  readonly value: unknown;
  readonly yielded?: readonly unknown[] | undefined;
}

export type LocalPlace = Omit<
  Placement<{ readonly endTime: number }>,
  'foldInto' | 'mark' | 'opens' | 'onFact'
>;

export interface ProgramStart<Request, Result>
  extends Pick<RecordStart<Request, Result>, 'operation' | 'request'> {
  readonly place: LocalPlace;
  /** Milliseconds since the epoch; default: now. */
  readonly startTime?: number;
  readonly clock?: SpanClock;
}

/** Something that the program itself runs, such as a function or a tool. It is timed here, and a shutdown ends it. */
export class ProgramOperation<Request, Result = ProgramResult> implements OutcomeListener {
  readonly record: OperationRecord<Request, Result>;
  readonly #place: LocalPlace;
  readonly #clock: LastingClock;
  #lastActivity: number;
  #yielded: unknown[] | undefined;
  #readYielded: ReturnType<typeof plainDataReader> | undefined;

  constructor(
    telemetry: Telemetry,
    { operation, request, place, clock, ...start }: ProgramStart<Request, Result>,
  ) {
    this.#place = place;
    this.#clock = new LastingClock(clock);
    const startTime = start.startTime ?? this.#clock.now();
    this.#lastActivity = startTime;
    this.record = new OperationRecord(telemetry, { operation, request, place, startTime });
    shareClock(this.record.span, clock);
    telemetry.functions.set(this, () => this.end({ isUntimed: true }));
  }

  get context(): Context {
    return this.record.context;
  }

  within<Value>(run: () => Value): Value {
    this.#lastActivity = this.#clock.now();
    return runIn(this.context, run);
  }

  yielded(value: unknown): void {
    this.#lastActivity = this.#clock.now();
    const { hasContent, operation } = this.record;
    if (!hasContent || operation.content?.output === undefined) return;
    this.#yielded ??= [];
    this.#readYielded ??= plainDataReader();
    const { length } = this.#yielded;
    if (length <= MAX_YIELDED) this.#yielded.push(length < MAX_YIELDED ? this.#readYielded(value) : '…');
  }

  succeed(value: unknown): void {
    const result: ProgramResult = { value, yielded: this.#yielded };
    this.end({ result: result as Result });
  }

  fail(error: unknown): void {
    this.end({ failure: guard('reading a failure', readThrown, error) });
  }

  abandon(): void {
    this.end({}, this.#lastActivity);
  }

  /** Ends the record once. A function whose record a shutdown has ended may still return later. */
  end(outcome: RecordOutcome<Result>, time: number = this.#clock.now()): void {
    const { record } = this;
    if (record.hasEnded) return;
    record.telemetry.functions.delete(this);
    const { onEnd } = this.#place;
    const following =
      onEnd && guard('leaving a conversation', onEnd, { endTime: time }, outcome.result, record, undefined);
    record.end(outcome, time);
    if (following?.after !== undefined) guard('leaving a conversation', following.after);
  }
}

/**
 * Starts the record of what the program, or a helper of the SDK, does without a request.
 *
 * @param find finds its place; the default is below the active span
 */
export function startOperation<Request>(
  telemetry: Telemetry,
  operation: OperationKind<Request, ProgramResult>,
  request: Request,
  find: (context: Context, startTime: number) => LocalPlace | undefined,
): ProgramOperation<Request> | undefined {
  return guard('starting a span', () => {
    const context = activeContext();
    const clock = clockIn(context);
    const startTime = now(clock);
    const place = guard('placing a span', find, context, startTime) ?? { parent: context };
    return new ProgramOperation(telemetry, { operation, request, place, startTime, clock });
  });
}
