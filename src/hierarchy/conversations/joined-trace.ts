import { type Context, type SpanContext, trace } from '@opentelemetry/api';
import { beginIn, finishIn } from '../../telemetry/open-traces.ts';
import { activeSpan } from './segment.ts';

/**
 * Where a request stands that answers tool calls. An active span alone decides its trace. Without one it goes on in the
 * trace of the response that asked, which is open until the request is over.
 */
export class JoinedTrace {
  readonly parent: Context;
  #joined: SpanContext | undefined;

  /** @param asking what the span of the asking response stands below, or that span itself where it is the root */
  constructor(context: Context, asking: SpanContext | undefined) {
    this.#joined = activeSpan(context) === undefined ? asking : undefined;
    this.parent = this.#joined === undefined ? context : trace.setSpanContext(context, this.#joined);
    beginIn(this.#joined);
  }

  ended(): void {
    finishIn(this.#joined);
    this.#joined = undefined;
  }
}
