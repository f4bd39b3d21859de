import type { Attributes, Context, Link, SpanContext } from '@opentelemetry/api';
import type { Call } from '../sdk/call.ts';
import type { Spent } from './cost/usage.ts';
import type { Accumulator } from './operation.ts';
import type { Failure } from './outcomes/failure.ts';

/** Facts that become known about an operation while its record is open. */
export interface RecordFacts {
  readonly attributes?: Attributes | undefined;
  /** Set last, just before the end: if a span reaches its limit of attributes, it keeps those that were set first. */
  readonly lastAttributes?: Attributes | undefined;
  /** What its stream has shown besides the result. */
  readonly stream?: Pick<Accumulator, 'skippedCalls' | 'contentChunks'> | undefined;
  /** Seconds from the request to the first chunk of the answer. */
  readonly timeToFirstChunk?: number | undefined;
  /** Set if it has no duration, because a shutdown cut it short or because it never ran. */
  readonly isUntimed?: boolean;
}

/** How an operation ended, with the last facts about it. */
export interface RecordOutcome<Result = unknown> extends RecordFacts {
  /** The answer of the API, plain or accumulated from a stream. Other operations have other results. */
  readonly result?: Result | undefined;
  /** Describes the thrown error. If nothing was thrown, the result may still report a failure. */
  readonly failure?: Failure | undefined;
  /** Whether a shutdown ended the operation. */
  readonly isInterrupted?: boolean;
}

/** The record of one operation. Its span, metrics and events are made from it. */
export interface OpenRecord {
  /** A context in which its span is active, for what is recorded below it. */
  readonly context: Context;
  add(facts: RecordFacts): void;
  /** @param time in milliseconds since the epoch */
  addEvent(name: string, attributes: Attributes, time: number): void;
  link(to: SpanContext): void;
  /** Ends the record, if it has not ended yet. The time is in milliseconds since the epoch. */
  end(outcome: RecordOutcome, time: number): void;
  /** What the operation spent, once it has ended. */
  readonly spent: Spent;
}

/** The part of an answer that has arrived so far in a stream. */
export type StreamedAnswer = Pick<Accumulator, 'result'>;

/**
 * A function to run once the record has ended. `kept` means that the operation continues after its call, and that the
 * hierarchy ends the record.
 */
export type Following = 'kept' | (() => void) | undefined;

/**
 * The place that the hierarchy finds for a call, or the longer operation that the call is part of. This is all that the
 * hierarchy and the record of a call know about each other.
 *
 * @typeParam Ended the first argument of `onEnd`
 */
export interface Placement<Ended = Call> {
  readonly parent: Context;
  /** Set if the call and its parent span would start at the same time. Then the call starts just after its parent. */
  readonly startTime?: number | undefined;
  /** Attributes that the place adds to the span. */
  readonly attributes?: Attributes | undefined;
  readonly links?: Link[] | undefined;
  /** The longer operation that the call is part of. The call has no record of its own. */
  readonly foldInto?: Pick<OpenRecord, 'context'> | undefined;
  /** Whether the call begins that operation. If so, hooks of the program get the span of that operation. */
  readonly opens?: boolean;
  /** Whether `onFact` gets each event of a stream, with its exact time. By default, it gets only completed answers. */
  readonly needsEvents?: boolean;
  /**
   * Called while the call streams.
   *
   * @param answer set if the event completes the answer or a choice of it: the program may reply before the stream ends
   */
  readonly onFact?:
    | ((event: unknown, time: number, record: OpenRecord, answer: StreamedAnswer | undefined) => void)
    | undefined;
  /** Called once when the call has ended, before its record does. */
  readonly onEnd?: ((ended: Ended, result: unknown, record: OpenRecord) => Following) | undefined;
}
