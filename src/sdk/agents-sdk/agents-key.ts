import { type Context, createContextKey } from '@opentelemetry/api';

/** Under this key a context has the innermost node of `@openai/agents`. */
export const AGENTS: symbol = createContextKey('opentelemetry-instrumentation-openai agents');

/** Whether a tool call that a model asks for in this context is run by `@openai/agents`, whose spans show it. */
export function isRecordedByAgents(context: Context): boolean {
  const node = context.getValue(AGENTS) as { readonly showsTools: boolean } | undefined;
  return node?.showsTools === true;
}
