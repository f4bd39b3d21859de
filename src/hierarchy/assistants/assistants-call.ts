import type { Context } from '@opentelemetry/api';
import type { ApiRequest } from '../../operations/index.ts';
import type { Call } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import type { Use } from '../conversation-use.ts';
import type { ObservedRuns } from './observed-objects.ts';

/** A call of the Assistants API with everything needed to place it. */
export interface AssistantsCall {
  readonly call: Call;
  readonly request: ApiRequest;
  /** The caller's context, kept until the call is over. */
  readonly context: Context;
  readonly endpoint: Endpoint;
  readonly sightings: ObservedRuns;
  readonly threadId: string | undefined;
  readonly runId: string | undefined;
  readonly query: unknown;
}

export function threadUse({ call, context, endpoint }: AssistantsCall, threadId: string | undefined): Use {
  return { kind: 'thread', id: threadId, context, endpoint, startTime: call.startTime };
}

export function parameterOf({ route, values }: ApiRequest, name: string): string | undefined {
  const index = route.parameters.findIndex((parameter) => parameter.name === name);
  return index < 0 ? undefined : values[index];
}
