import { type Context, createContextKey } from '@opentelemetry/api';

/** The context key for the innermost trace or span of `@openai/agents`. */
export const AGENTS: symbol = createContextKey('opentelemetry-instrumentation-openai agents');

/** The tool call by which an agent hands over to another one. */
export interface HandoffCall {
  /** Set once a span shows it. */
  id: string | undefined;
}

/**
 * Whether `@openai/agents` has spans for the tool calls that a model asks for here: for all, none, or only a handoff.
 */
export function recordedByAgents(context: Context): boolean | HandoffCall {
  const node = context.getValue(AGENTS) as { readonly showsTools: boolean | HandoffCall } | undefined;
  return node?.showsTools ?? false;
}
