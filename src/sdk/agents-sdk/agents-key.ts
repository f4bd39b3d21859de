import { type Context, createContextKey } from '@opentelemetry/api';

/** The context key for the innermost trace or span of `@openai/agents`. */
export const AGENTS: symbol = createContextKey('opentelemetry-instrumentation-openai agents');

/** The context key for the id of the conversation that the program has named, or that a run of `@openai/agents` belongs to. */
export const CONVERSATION: symbol = createContextKey('opentelemetry-instrumentation-openai conversation');

/** Whether `@openai/agents` has a span for a tool call that its model asks for. */
export type ShowsCall = (call: { readonly type: string; readonly name: string }) => boolean;

export function shownByAgents(context: Context): ShowsCall | undefined {
  return (context.getValue(AGENTS) as { readonly showsCall: ShowsCall | undefined } | undefined)?.showsCall;
}
