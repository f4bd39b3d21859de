import { type Attributes, type Context, type Span, SpanKind } from '@opentelemetry/api';
import type { Settings } from '../../config/config.ts';
import { runIn } from '../../util/active-context.ts';
import { LastingClock, type SpanClock } from '../../util/clock.ts';
import { guard } from '../../util/guard.ts';
import { LinkedContext } from '../../util/linked-context.ts';
import { shareClock } from '../../util/span-clock.ts';
import type { OutcomeListener } from '../../util/watch-result.ts';
import { beginContent } from '../content/begin-content.ts';
import type { ContentRecord } from '../content/content-record.ts';
import { plainData, plainDataReader } from '../content/plain-data.ts';
import { type Failure, readFailure } from '../error.ts';
import type { Telemetry } from '../telemetry.ts';
import { recordEnd } from './record-end.ts';
import { endSpan } from './span-end.ts';

/** The number of yielded values that are kept of a generator, if content is recorded. */
const MAX_YIELDED = 1_000;

/** Where a function stands that is part of a conversation. */
export interface FunctionPlace {
  readonly parent: Context;
  /** Just after the span above, where both would start at once. */
  readonly startTime: number;
  readonly ended: (endTime: number) => void;
}

/** How a function ended. */
export interface FunctionEnd {
  readonly errorType: string | undefined;
  /** A shutdown ended its span early. */
  readonly interrupted: boolean;
}

export interface FunctionSpanStart {
  readonly name: string;
  readonly attributes: Attributes;
  /** The arguments; `undefined` if neither they nor the result are recorded. */
  readonly input: readonly unknown[] | undefined;
  /** `false`: nothing of it is content, so there is nothing for a completion hook. */
  readonly hasContent?: boolean;
  readonly parent: Context;
  /** Milliseconds since the epoch. */
  readonly startTime: number;
  /** Of the span above. */
  readonly clock: SpanClock;
  readonly ended: ((endTime: number, end: FunctionEnd) => void) | undefined;
}

/** The span of a function of the program. It is active while the function runs. */
export class FunctionSpan implements OutcomeListener {
  readonly span: Span;
  readonly #context: Context;
  readonly #telemetry: Telemetry;
  readonly #startSettings: Settings;
  readonly #attributes: Attributes;
  readonly #content: ContentRecord | undefined;
  readonly #recordsOutput: boolean;
  readonly #clock: LastingClock;
  readonly #yielded: unknown[] = [];
  #readYielded: ReturnType<typeof plainDataReader> | undefined;
  readonly #whenEnded: FunctionSpanStart['ended'];
  #lastActivity: number;
  #ended = false;

  constructor(telemetry: Telemetry, start: FunctionSpanStart) {
    const { name, attributes, input, parent, startTime } = start;
    this.#lastActivity = startTime;
    this.#whenEnded = start.ended;
    this.#clock = new LastingClock(start.clock);
    this.#telemetry = telemetry;
    this.#startSettings = telemetry.settings;
    this.#attributes = attributes;
    this.span = telemetry.tracer.startSpan(name, { kind: SpanKind.INTERNAL, attributes, startTime }, parent);
    shareClock(this.span, start.clock);
    this.#context = LinkedContext.withSpan(parent, this.span);
    telemetry.functions.set(this, () => this.#end(undefined, this.#clock.now(), true));
    if (start.hasContent !== false) this.#content = beginContent(telemetry, this.span, this.#context);
    this.#recordsOutput = this.#content !== undefined && input !== undefined;
    guard('reading the arguments of a function', () => {
      if (input !== undefined) this.#content?.addInput({ functionArguments: plainData(input) });
    });
  }

  within<Result>(run: () => Result): Result {
    this.#lastActivity = this.#clock.now();
    return runIn(this.#context, run);
  }

  yielded(value: unknown): void {
    this.#lastActivity = this.#clock.now();
    if (!this.#recordsOutput || this.#yielded.length >= MAX_YIELDED) return;
    this.#readYielded ??= plainDataReader();
    this.#yielded.push(this.#readYielded(value));
  }

  succeed(value: unknown): void {
    if (this.#recordsOutput && !this.#ended)
      guard('reading the result of a function', () =>
        this.#content?.add({ functionResult: this.#yielded.length > 0 ? this.#yielded : plainData(value) }),
      );
    this.#end(undefined, this.#clock.now());
  }

  fail(error: unknown): void {
    this.#end(guard('reading a failure', readFailure, error), this.#clock.now());
  }

  abandon(): void {
    this.#end(undefined, this.#lastActivity);
  }

  #end(failure: Failure | undefined, endTime: number, interrupted: boolean = false): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#telemetry.functions.delete(this);
    guard('ending a function span', recordEnd, this.#telemetry, {
      span: this.span,
      startSettings: this.#startSettings,
      context: this.#context,
      attributes: this.#attributes,
      content: this.#content,
      failure,
      endTime,
    });
    endSpan(this.span, endTime);
    const end = { errorType: failure?.type, interrupted };
    if (this.#whenEnded !== undefined) guard('leaving a conversation', this.#whenEnded, endTime, end);
  }
}
