import { type Attributes, type Context, type Link, type Span, SpanKind } from '@opentelemetry/api';
import type { Settings } from '../../config/config.ts';
import { LastingClock, type SpanClock, shareClock } from '../../util/clock.ts';
import { LinkedContext } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { beginContent } from '../content/begin-content.ts';
import type { Content } from '../content/completion-hook.ts';
import type { ContentRecord } from '../content/content-record.ts';
import { type Failure, readFailure } from '../error.ts';
import type { Telemetry } from '../telemetry.ts';
import { outcomeAttributes, type ToolOutcome } from '../tool-outcome.ts';
import { recordEnd } from './record-end.ts';
import { endSpan } from './span-end.ts';
import { startSpan } from './start-span.ts';

export interface ActiveSpanStart {
  readonly name: string;
  /** Default: internal. */
  readonly kind?: SpanKind;
  readonly attributes: Attributes;
  readonly links?: Link[];
  readonly parent: Context;
  /** Milliseconds since the epoch; default: now. */
  readonly startTime?: number;
  /** Of the span above. */
  readonly clock?: SpanClock;
  /** Called once the span has ended. */
  readonly ended?: ((endTime: number) => void) | undefined;
}

export interface ActiveSpanEnd {
  readonly failure?: Failure | undefined;
  /** Milliseconds since the epoch; default: now. */
  readonly endTime?: number;
  /** Whether its duration counts: not if a shutdown ends the span early, or a tool did not run. Default: true. */
  readonly isMeasured?: boolean;
}

/** What a library tells at the end of something. */
export interface ToldEnd {
  /** Another name than the span started with. */
  readonly name?: string | undefined;
  readonly attributes?: Attributes;
  readonly content?: () => Content;
  readonly failure: Failure | undefined;
  /** `undefined` for a tool that succeeded, and for what is no tool. It has the failure of a tool. */
  readonly outcome?: ToolOutcome | undefined;
}

/** The span of what the program itself does, such as a function or a tool. It can be active meanwhile. It ends once. */
export class ActiveSpan {
  readonly span: Span;
  /** With the span active. */
  readonly context: Context;
  readonly #telemetry: Telemetry;
  readonly #startSettings: Settings;
  readonly #clock: LastingClock;
  readonly #startTime: number;
  readonly #whenEnded: ActiveSpanStart['ended'];
  #attributes: Attributes;
  #content: ContentRecord | undefined;
  #hasEnded = false;

  constructor(telemetry: Telemetry, start: ActiveSpanStart) {
    const { name, kind = SpanKind.INTERNAL, attributes, links = [], parent, clock } = start;
    this.#telemetry = telemetry;
    this.#startSettings = telemetry.settings;
    this.#clock = new LastingClock(clock);
    const startTime = start.startTime ?? this.#clock.now();
    this.#startTime = startTime;
    this.#attributes = attributes;
    this.#whenEnded = start.ended;
    this.span = startSpan(telemetry, name, { kind, attributes, links, startTime }, parent);
    shareClock(this.span, clock);
    this.context = LinkedContext.withSpan(parent, this.span);
    telemetry.functions.set(this, () => this.end({ isMeasured: false }));
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  now(): number {
    return this.#clock.now();
  }

  addAttributes(attributes: Attributes): void {
    this.span.setAttributes(attributes);
    this.#attributes = { ...this.#attributes, ...attributes };
  }

  /** @returns `undefined` if content is neither recorded nor hooked */
  beginContent(): ContentRecord | undefined {
    this.#content = beginContent(this.#telemetry, this.span, this.context, this.#startSettings);
    return this.#content;
  }

  /** Ends it with what the program's function threw. */
  fail(error: unknown): void {
    this.end({ failure: guard('reading a failure', readFailure, error) });
  }

  /** Ends it with all that is only known now. */
  finish({ name, attributes, content, failure, outcome }: ToldEnd): void {
    if (this.#hasEnded) return;
    const endTime = this.now();
    guard('recording the end of an agent', () => {
      if (name !== undefined) this.span.updateName(name);
      this.addAttributes({ ...attributes, ...outcomeAttributes(outcome) });
      if (content !== undefined) this.beginContent()?.add(content());
    });
    this.end({ failure, endTime, isMeasured: outcome?.ran !== false });
  }

  end({ failure, endTime = this.#clock.now(), isMeasured = true }: ActiveSpanEnd = {}): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#telemetry.functions.delete(this);
    guard('ending the span of a function', recordEnd, this.#telemetry, {
      span: this.span,
      startSettings: this.#startSettings,
      context: this.context,
      attributes: this.#attributes,
      content: this.#content,
      failure,
      endTime,
    });
    if (isMeasured) guard('recording metrics', () => this.#recordDuration(endTime, failure?.type));
    endSpan(this.span, endTime);
    if (this.#whenEnded !== undefined) guard('leaving a conversation', this.#whenEnded, endTime);
  }

  #recordDuration(endTime: number, errorType: string | undefined): void {
    const seconds = (endTime - this.#startTime) / 1e3;
    this.#telemetry.metrics.recordLocalDuration(seconds, this.#attributes, errorType, this.context);
  }
}
