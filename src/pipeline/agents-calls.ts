import type { Context } from '@opentelemetry/api';
import type { Operation } from '../telemetry/operation.ts';
import type { CallPlace } from '../telemetry/spans/call-place.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

interface PlacedCall {
  readonly context: Context;
  readonly place: CallPlace;
  readonly operation: Operation;
  readonly telemetry: Telemetry;
}

/** How calls are placed inside of workflows of `@openai/agents`, once there are any. */
export const agentsCalls: { place: ((call: PlacedCall) => CallPlace) | undefined } = { place: undefined };
