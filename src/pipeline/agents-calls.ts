import type { Context } from '@opentelemetry/api';
import type { ApiRequest, Operation } from '../telemetry/operation.ts';
import type { Placement } from '../telemetry/placement.ts';

/** Handlers for calls inside workflows of `@openai/agents`. They are `undefined` until that package is recorded. */
export const agentsCalls: {
  place:
    | ((context: Context, place: Placement, operation: Operation, request: ApiRequest) => Placement)
    | undefined;
  /** Called for each call that the program's `ignoreRequestHook` excludes from recording. */
  ignored: ((context: Context) => void) | undefined;
} = { place: undefined, ignored: undefined };
