import type { Context } from '@opentelemetry/api';
import type { Operation } from '../telemetry/operation.ts';
import type { CallPlace } from '../telemetry/spans/call-place.ts';

interface PlacedCall {
  readonly context: Context;
  readonly place: CallPlace;
  readonly operation: Operation;
}

/** What happens to calls inside of workflows of `@openai/agents`, once there are any. */
export const agentsCalls: {
  place: ((call: PlacedCall) => CallPlace) | undefined;
  /** Told of a call that the program wants to have ignored. */
  ignored: ((context: Context) => void) | undefined;
} = { place: undefined, ignored: undefined };
