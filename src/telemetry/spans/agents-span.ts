import { type Attributes, type Context, type Link, type Span, SpanKind } from '@opentelemetry/api';
import type { Settings } from '../../config/config.ts';
import { ATTR_GEN_AI_OPERATION_NAME } from '../../semconv/attributes.ts';
import {
  GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
  GEN_AI_OPERATION_NAME_VALUE_INVOKE_AGENT,
  GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
} from '../../semconv/values.ts';
import { LastingClock } from '../../util/clock.ts';
import { guard } from '../../util/guard.ts';
import { LinkedContext } from '../../util/linked-context.ts';
import { beginContent } from '../content/begin-content.ts';
import type { Content } from '../content/completion-hook.ts';
import type { ContentRecord } from '../content/content-record.ts';
import type { Failure } from '../error.ts';
import type { Telemetry } from '../telemetry.ts';
import { recordEnd } from './record-end.ts';
import { endSpan } from './span-end.ts';
import { startSpan } from './start-span.ts';

export interface AgentsSpanStart {
  readonly name: string;
  readonly kind: 'internal' | 'client';
  readonly attributes: Attributes;
  readonly links: Link[];
  readonly parent: Context;
}

export interface AgentsSpanEnd {
  /** Another name than the span started with. */
  readonly name: string | undefined;
  readonly attributes: Attributes;
  readonly content: () => Content;
  readonly failure: Failure | undefined;
}

/** The span of something that a library of agents does in this process. */
export class AgentsSpan {
  readonly span: Span;
  readonly #telemetry: Telemetry;
  readonly #startSettings: Settings;
  readonly #context: Context;
  readonly #clock = new LastingClock();
  readonly #startTime = this.#clock.now();
  #attributes: Attributes;
  #ended = false;

  constructor(telemetry: Telemetry, { name, kind, attributes, links, parent }: AgentsSpanStart) {
    this.#telemetry = telemetry;
    this.#startSettings = telemetry.settings;
    this.#attributes = attributes;
    this.span = startSpan(
      telemetry,
      name,
      {
        kind: kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL,
        attributes,
        links,
        startTime: this.#startTime,
      },
      parent,
    );
    this.#context = LinkedContext.withSpan(parent, this.span);
    // A shutdown ends the span early, without a duration.
    telemetry.functions.set(this, () => this.#finish(undefined, this.#clock.now()));
  }

  end({ name, attributes, content, failure }: AgentsSpanEnd): void {
    if (this.#ended) return;
    const endTime = this.#clock.now();
    guard('recording the end of an agent', () => {
      if (name !== undefined) this.span.updateName(name);
      this.span.setAttributes(attributes);
      this.#attributes = { ...this.#attributes, ...attributes };
    });
    const record = beginContent(this.#telemetry, this.span, this.#context, this.#startSettings);
    if (record !== undefined) guard('reading the content of an agent', () => record.add(content()));
    this.#finish(failure, endTime, record);
    guard('recording metrics', () => this.#measure(endTime, failure));
  }

  #finish(failure: Failure | undefined, endTime: number, content?: ContentRecord): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#telemetry.functions.delete(this);
    guard('ending the span of an agent', recordEnd, this.#telemetry, {
      span: this.span,
      startSettings: this.#startSettings,
      context: this.#context,
      attributes: this.#attributes,
      content,
      failure,
      endTime,
    });
    endSpan(this.span, endTime);
  }

  #measure(endTime: number, failure: Failure | undefined): void {
    const { metrics } = this.#telemetry;
    const seconds = (endTime - this.#startTime) / 1e3;
    switch (this.#attributes[ATTR_GEN_AI_OPERATION_NAME]) {
      case GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW:
        metrics.recordWorkflowDuration(seconds, this.#attributes, failure?.type, this.#context);
        break;
      case GEN_AI_OPERATION_NAME_VALUE_INVOKE_AGENT:
        metrics.recordAgentDuration(seconds, this.#attributes, failure?.type, this.#context);
        break;
      case GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL:
        metrics.recordToolDuration(seconds, this.#attributes, failure?.type, this.#context);
        break;
    }
  }
}
