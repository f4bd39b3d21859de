import type { Attributes, Context, Link, Span, SpanContext } from '@opentelemetry/api';
import type { ReadonlyCall, RequestChanges } from '../sdk/call.ts';
import type { StreamEnd } from '../sdk/call-state.ts';
import type { Billing } from './cost/costs.ts';
import type { Spent } from './cost/usage.ts';
import type { Accumulator } from './operation.ts';
import type { Failure } from './outcomes/failure.ts';

export interface RecordFacts {
  readonly attributes?: Attributes | undefined;
  readonly stream?: Pick<Accumulator, 'skippedCalls' | 'contentChunks'> | undefined;
  /** Seconds from the request to the first chunk of the answer. */
  readonly timeToFirstChunk?: number | undefined;
  /** Seconds from the request to the first text, reasoning, audio or tool argument. */
  readonly timeToFirstToken?: number | undefined;
  /** What the answer shows of its costs. Default: what the endpoint has shown */
  readonly billing?: Billing | undefined;
  /** Set if the operation has no duration, because a shutdown cut it short or because it never ran. */
  readonly isUntimed?: boolean;
}

export interface RecordOutcome<Result = unknown> extends RecordFacts {
  /** The API's answer, plain or accumulated from a stream. Operations other than calls have other results. */
  readonly result?: Result | undefined;
  /** Describes the thrown error. If nothing was thrown, the result may still report a failure. */
  readonly failure?: Failure | undefined;
  /** Whether a shutdown ended the operation. */
  readonly isInterrupted?: boolean;
}

export interface OpenRecord {
  /** A context in which the operation's span is active, for spans below it. */
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

export type StreamedAnswer = Pick<Accumulator, 'result'>;

/** `cut`: the stream ended without an error, but apparently before the answer was complete. */
export type AnswerEnd = StreamEnd | 'cut' | undefined;

/** What `src/hierarchy` finds out at the end of a call. */
export interface Following {
  /** Set if the stream was cut: its operation continues. */
  readonly cut?: true | undefined;
  /** Set if the operation outlives its call. `src/hierarchy` then ends the record. */
  readonly kept?: true | undefined;
  /** Runs once the record has ended. */
  readonly after?: (() => void) | undefined;
}

/**
 * Where `src/hierarchy` places a call: below a parent span, or inside a longer operation. The hierarchy and a
 * call's record know nothing else about each other.
 *
 * @typeParam Ended the first argument of `onEnd`
 */
export interface Placement<Ended = ReadonlyCall> {
  readonly parent: Context;
  /** The caller's context, if it changes: a conversation with a trace of its own removes the program's span. */
  readonly context?: Context | undefined;
  /** Set if the call and its parent span would start at the same time. Then the call starts just after its parent. */
  readonly startTime?: number | undefined;
  readonly attributes?: Attributes | undefined;
  readonly links?: Link[] | undefined;
  /** The longer operation that the call is part of. Such a call has no record of its own, and goes by its clock. */
  readonly foldInto?: { readonly clock: { readonly own: number } } | undefined;
  /**
   * Whether the call begins the operation in `foldInto`. The program's hooks then get that operation's span.
   */
  readonly opens?: boolean;
  /** Whether `onFact` gets each event of a stream, with its exact time. By default, it gets only completed answers. */
  readonly needsEvents?: boolean;
  /**
   * Called while the call streams.
   *
   * @param answer set if the event completes the answer or a choice: the program may reply before the end
   */
  readonly onFact?:
    | ((event: unknown, time: number, record: OpenRecord, answer: StreamedAnswer | undefined) => void)
    | undefined;
  readonly mark?: RequestChanges['mark'];
  /** Called once when the call has ended, before its record ends. */
  readonly onEnd?:
    | ((ended: Ended, result: unknown, record: OpenRecord, answerEnd: AnswerEnd) => Following | undefined)
    | undefined;
  /** Called when everything is recorded, just before the span ends. */
  readonly beforeEnd?: ((span: Span, result: unknown, spent: Spent) => void) | undefined;
}
