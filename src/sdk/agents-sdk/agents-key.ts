import { type Context, createContextKey } from '@opentelemetry/api';

/** Under this key a context has the innermost node of `@openai/agents`. */
export const AGENTS: symbol = createContextKey('opentelemetry-instrumentation-openai agents');

/** The call by which an agent hands over. */
export interface HandoffCall {
  /** Set once a span shows it. */
  id: string | undefined;
}

/** Which of the tool calls that a model asks for in this context have spans of `@openai/agents`: all, none, or a handoff. */
export function recordedByAgents(context: Context): boolean | HandoffCall {
  const node = context.getValue(AGENTS) as { readonly showsTools: boolean | HandoffCall } | undefined;
  return node?.showsTools ?? false;
}
