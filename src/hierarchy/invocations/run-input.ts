import type { Message } from '../../config/completion-types.ts';
import type { Invocation } from './invocation.ts';

/** What the model was given, as far as this process knows: the messages of the conversation, or only those it answers. */
export function inputMessagesOf({ steps, input }: Invocation): readonly Message[] {
  return steps.inputs.size > 0 ? [...steps.inputs.values()] : input.messages;
}

/** Whether everything is known that a background read could add. */
export function isWhole(invocation: Invocation): boolean {
  return invocation.complete && !lacksAgent(invocation) && !lacksInput(invocation);
}

/** Whether the agent's id is known, but its object has not been seen. */
function lacksAgent({ kind, agent, agentId }: Invocation): boolean {
  return kind === 'thread' && agent === undefined && agentId !== undefined;
}

/** Whether the model may have been given messages that this process has not seen. */
export function lacksInput({ kind, telemetry, steps }: Invocation): boolean {
  return kind === 'thread' && telemetry.wantsContent && !steps.knowsInput;
}
