import type { Context } from '@opentelemetry/api';
import type { Operation } from '../telemetry/operation.ts';
import type { Placement } from '../telemetry/placement.ts';

interface CallWithinAgents {
  readonly context: Context;
  readonly place: Placement;
  readonly operation: Operation;
}

/** What happens to calls inside of workflows of `@openai/agents`, once there are any. */
export const agentsCalls: {
  place: ((call: CallWithinAgents) => Placement) | undefined;
  /** Told of a call that the program wants to have ignored. */
  ignored: ((context: Context) => void) | undefined;
} = { place: undefined, ignored: undefined };
