import { type Context, createContextKey } from '@opentelemetry/api';

/** The context key for the innermost trace or span of `@openai/agents`. */
export const AGENTS: symbol = createContextKey('opentelemetry-instrumentation-openai agents');

/** Whether `@openai/agents` has spans for the tool calls that a model asks for here. */
export function recordedByAgents(context: Context): boolean {
  const node = context.getValue(AGENTS) as { readonly showsTools: boolean } | undefined;
  return node?.showsTools ?? false;
}
