import { type Context, type SpanContext, trace } from '@opentelemetry/api';
import type { Call } from '../../sdk/call.ts';
import { beginIn, finishIn } from '../../util/open-traces.ts';
import { activeSpan } from './conversation.ts';

/** The tool calls that a request answers. */
export interface AnsweredCalls {
  /** What the span of the requesting response stands below, or that span itself where it is the root. */
  readonly caller: SpanContext | undefined;
  /** Called if the request has failed: one that repeats it answers them. */
  failed(): void;
}

/**
 * Where a request stands that answers tool calls. An active span alone decides its trace. Without one it goes on in the
 * trace of the response that requested them, which is open until the request is over.
 */
export class JoinedTrace {
  readonly parent: Context;
  readonly #answered: AnsweredCalls | undefined;
  #joined: SpanContext | undefined;

  constructor(context: Context, answered: AnsweredCalls | undefined) {
    this.#answered = answered;
    this.#joined = activeSpan(context) === undefined ? answered?.caller : undefined;
    this.parent = this.#joined === undefined ? context : trace.setSpanContext(context, this.#joined);
    beginIn(this.#joined);
  }

  settled({ failed }: Call): void {
    if (failed) this.#answered?.failed();
  }

  ended(): void {
    finishIn(this.#joined);
    this.#joined = undefined;
  }
}
