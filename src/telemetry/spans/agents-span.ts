import type { Attributes } from '@opentelemetry/api';
import { guard } from '../../util/guard.ts';
import type { Content } from '../content/completion-hook.ts';
import type { Failure } from '../error.ts';
import { outcomeAttributes, type ToolOutcome } from '../tool-outcome.ts';
import type { ActiveSpan } from './active-span.ts';

interface AgentsSpanEnd {
  /** Another name than the span started with. */
  readonly name?: string | undefined;
  readonly attributes?: Attributes;
  readonly content?: () => Content;
  readonly failure: Failure | undefined;
  /** `undefined` for a tool that succeeded, and for what is no tool. It has the failure of a tool. */
  readonly outcome?: ToolOutcome | undefined;
}

/** Ends the span of something that a library of agents did in this process, with what the library tells at the end. */
export function endAgentsSpan(
  span: ActiveSpan,
  { name, attributes, content, failure, outcome }: AgentsSpanEnd,
): void {
  if (span.hasEnded) return;
  const endTime = span.now();
  guard('recording the end of an agent', () => {
    if (name !== undefined) span.span.updateName(name);
    span.addAttributes({ ...attributes, ...outcomeAttributes(outcome) });
    if (content !== undefined) span.beginContent()?.add(content());
  });
  span.end({ failure, endTime, isMeasured: outcome?.ran !== false });
}
