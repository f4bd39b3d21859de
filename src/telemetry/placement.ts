import type { Attributes, Context, Link, SpanContext } from '@opentelemetry/api';
import type { Call } from '../sdk/call.ts';
import type { Spent } from './cost/usage.ts';
import type { Accumulator } from './operation.ts';
import type { Failure } from './outcomes/failure.ts';

/** What becomes known of an operation while its record is open. */
export interface RecordFacts {
  readonly attributes?: Attributes | undefined;
  /** Set just before the end: a span with a limit of attributes keeps those that were set first. */
  readonly lastAttributes?: Attributes | undefined;
  /** What its stream has told besides the result. */
  readonly stream?: Pick<Accumulator, 'skippedCalls' | 'contentChunks'> | undefined;
  /** Seconds from the request to the first chunk of the answer. */
  readonly timeToFirstChunk?: number | undefined;
  /** It has no duration: a shutdown cut it short, or it never ran. */
  readonly isUntimed?: boolean;
}

/** How an operation ended, with the last facts about it. */
export interface RecordOutcome<Result = unknown> extends RecordFacts {
  /** What the API answered, plain or accumulated from a stream, or what else is known at the end. */
  readonly result?: Result | undefined;
  /** What was thrown. Otherwise the result may report a failure. */
  readonly failure?: Failure | undefined;
  /** A shutdown ended it. */
  readonly isInterrupted?: boolean;
}

/** The record of one operation. Its span, metrics and events are made from it. */
export interface OpenRecord {
  /** With its span, for what is recorded below it. */
  readonly context: Context;
  add(facts: RecordFacts): void;
  /** @param time in milliseconds since the epoch */
  addEvent(name: string, attributes: Attributes, time: number): void;
  link(to: SpanContext): void;
  /** Ends it once, at a time in milliseconds since the epoch. */
  end(outcome: RecordOutcome, time: number): void;
  /** What it spent, once it has ended. */
  readonly spent: Spent;
}

/** The answer of a stream as far as it has come. */
export type StreamedAnswer = Pick<Accumulator, 'result'>;

/** Done once a record has ended; `kept`: the operation continues after its call, and the hierarchy ends its record. */
export type Following = 'kept' | (() => void) | undefined;

/**
 * What the hierarchy answers a call with: its place, or the longer operation that it is part of. This is all that the
 * hierarchy and the record of a call know of each other.
 *
 * @typeParam Ended what the end is told with
 */
export interface Placement<Ended = Call> {
  readonly parent: Context;
  /** Just after the span above, where both would start at once. */
  readonly startTime?: number | undefined;
  /** Attributes that the place adds. */
  readonly attributes?: Attributes | undefined;
  readonly links?: Link[] | undefined;
  /** The longer operation that the call is part of. The call has no record of its own. */
  readonly foldInto?: Pick<OpenRecord, 'context'> | undefined;
  /** Whether the call begins that operation: hooks of the program get its span. */
  readonly opens?: boolean;
  /** Whether `onFact` is called with each event of a stream, at its exact time, and not only with answers. */
  readonly hearsEvents?: boolean;
  /**
   * Called while the call streams.
   *
   * @param answer set where the event completes the answer or a choice of it: the program may reply before the stream ends
   */
  readonly onFact?:
    | ((event: unknown, time: number, record: OpenRecord, answer: StreamedAnswer | undefined) => void)
    | undefined;
  /** Called once when the call has ended, before its record does. */
  readonly onEnd?: ((ended: Ended, result: unknown, record: OpenRecord) => Following) | undefined;
}
