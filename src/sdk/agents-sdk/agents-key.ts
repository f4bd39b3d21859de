import { type Context, createContextKey } from '@opentelemetry/api';

/** The context key for the innermost trace or span of `@openai/agents`. */
export const AGENTS: symbol = createContextKey('opentelemetry-instrumentation-openai agents');

/** Whether `@openai/agents` has a span for a tool call that its model asks for. */
export type ShowsCall = (call: { readonly type: string; readonly name: string }) => boolean;

export function shownByAgents(context: Context): ShowsCall | undefined {
  return (context.getValue(AGENTS) as { readonly showsCall: ShowsCall | undefined } | undefined)?.showsCall;
}
