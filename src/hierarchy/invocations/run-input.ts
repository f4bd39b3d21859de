import type { Message } from '../../config/completion-types.ts';
import type { Invocation } from './invocation.ts';

/** What the model was given, as far as this process knows: the messages of the conversation, or only those it answers. */
export function inputMessagesOf({ steps, input }: Invocation): readonly Message[] {
  return steps.inputs.size > 0 ? [...steps.inputs.values()] : input.messages;
}

/** Whether nothing has to be read. */
export function isWhole(invocation: Invocation): boolean {
  return invocation.complete && !lacksAgent(invocation) && !lacksInput(invocation);
}

/** Whether the agent has an id, and nobody has shown the agent. */
function lacksAgent({ kind, agent, agentId }: Invocation): boolean {
  return kind === 'thread' && agent === undefined && agentId !== undefined;
}

/** Whether the conversation may have messages that the model was given and that nobody has shown. */
export function lacksInput({ kind, telemetry, steps }: Invocation): boolean {
  return kind === 'thread' && telemetry.wantsContent && !steps.knowsInput;
}
