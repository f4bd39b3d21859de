import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { SpanClock } from '../../util/clock.ts';
import { runIn } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import type { OutcomeListener } from '../../util/watch-result.ts';
import type { ContentRecord } from '../content/content-record.ts';
import { plainData, plainDataReader } from '../content/plain-data.ts';
import type { Telemetry } from '../telemetry.ts';
import { ActiveSpan } from './active-span.ts';

/** The number of yielded values that are kept of a generator, if content is recorded. */
const MAX_YIELDED = 1_000;

/** Where a function stands that is part of a conversation. */
export interface FunctionPlace {
  readonly parent: Context;
  /** Just after the span above, where both would start at once. */
  readonly startTime: number;
  readonly ended: (endTime: number) => void;
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
  readonly ended: FunctionPlace['ended'] | undefined;
}

/** The span of a function of the program. It is active while the function runs. */
export class FunctionSpan implements OutcomeListener {
  readonly #active: ActiveSpan;
  readonly #content: ContentRecord | undefined;
  readonly #recordsOutput: boolean;
  readonly #yielded: unknown[] = [];
  #readYielded: ReturnType<typeof plainDataReader> | undefined;
  #lastActivity: number;

  constructor(telemetry: Telemetry, { input, hasContent, ...start }: FunctionSpanStart) {
    this.#lastActivity = start.startTime;
    this.#active = new ActiveSpan(telemetry, start);
    if (hasContent !== false) this.#content = this.#active.beginContent();
    this.#recordsOutput = this.#content !== undefined && input !== undefined;
    guard('reading the arguments of a function', () => {
      if (input !== undefined) this.#content?.addInput({ functionArguments: plainData(input) });
    });
  }

  get span(): Span {
    return this.#active.span;
  }

  within<Result>(run: () => Result): Result {
    this.#lastActivity = this.#active.now();
    return runIn(this.#active.context, run);
  }

  yielded(value: unknown): void {
    this.#lastActivity = this.#active.now();
    if (!this.#recordsOutput || this.#yielded.length >= MAX_YIELDED) return;
    this.#readYielded ??= plainDataReader();
    this.#yielded.push(this.#readYielded(value));
  }

  succeed(value: unknown): void {
    if (this.#recordsOutput && !this.#active.hasEnded)
      guard('reading the result of a function', () =>
        this.#content?.add({ functionResult: this.#yielded.length > 0 ? this.#yielded : plainData(value) }),
      );
    this.#active.end();
  }

  fail(error: unknown): void {
    this.#active.fail(error);
  }

  abandon(): void {
    this.#active.end({ endTime: this.#lastActivity });
  }
}
