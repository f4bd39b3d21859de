import { type Attributes, type Context, type Link, type Span, SpanKind } from '@opentelemetry/api';
import { guard } from '../../util/guard.ts';
import type { Content } from '../content/completion-hook.ts';
import type { Failure } from '../error.ts';
import type { Telemetry } from '../telemetry.ts';
import { outcomeAttributes, type ToolOutcome } from '../tool-outcome.ts';
import { ActiveSpan } from './active-span.ts';

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
  /** `undefined` for a tool that succeeded, and for what is no tool. It has the failure of a tool. */
  readonly outcome?: ToolOutcome | undefined;
}

/** The span of something that a library of agents does in this process. */
export class AgentsSpan {
  readonly #active: ActiveSpan;

  constructor(telemetry: Telemetry, { kind, ...start }: AgentsSpanStart) {
    this.#active = new ActiveSpan(telemetry, {
      ...start,
      kind: kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL,
    });
  }

  get span(): Span {
    return this.#active.span;
  }

  end({ name, attributes, content, failure, outcome }: AgentsSpanEnd): void {
    const active = this.#active;
    if (active.hasEnded) return;
    const endTime = active.now();
    guard('recording the end of an agent', () => {
      if (name !== undefined) active.span.updateName(name);
      active.addAttributes({ ...attributes, ...outcomeAttributes(outcome) });
      active.beginContent()?.add(content());
    });
    active.end({ failure, endTime, isMeasured: outcome?.ran !== false });
  }
}
