import { type Context, createContextKey } from '@opentelemetry/api';

/** The context key for the innermost trace or span of `@openai/agents`. */
export const AGENTS: symbol = createContextKey('opentelemetry-instrumentation-openai agents');

/** The context key for the id of the conversation that the program has named, or that a run of `@openai/agents` belongs to. */
export const CONVERSATION: symbol = createContextKey('opentelemetry-instrumentation-openai conversation');

/** Whether `@openai/agents` has a span for a tool call that its model asks for. */
export type ShowsCall = (call: { readonly type: string; readonly name: string }) => boolean;

/** What a model call shows of the agent that makes it. */
export interface AgentsCaller {
  readonly showsCall: ShowsCall | undefined;
  readonly agentName: string | undefined;
}

export function agentsCallerIn(context: Context): AgentsCaller | undefined {
  return context.getValue(AGENTS) as AgentsCaller | undefined;
}
