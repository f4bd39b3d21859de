import type { Context } from '@opentelemetry/api';
import type { ApiRequest } from '../../operations/index.ts';
import type { Call } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import { parameterOf } from '../assistants/assistants-call.ts';
import type { Use } from '../conversation-use.ts';
import type { ObservedSessions } from './observed-objects.ts';

export const SESSIONS = '/agents/sessions';
export const SESSION = '/agents/sessions/{session_id}';
export const SESSION_EVENTS = '/agents/sessions/{session_id}/events';

/** A call of the Agents API with everything needed to place it. */
export interface AgentsCall {
  readonly call: Call;
  readonly request: ApiRequest;
  /** The caller's context, kept until the call is over. */
  readonly context: Context;
  readonly endpoint: Endpoint;
  readonly sightings: ObservedSessions;
  readonly sessionId: string | undefined;
}

export function sessionIdOf(request: ApiRequest): string | undefined {
  return parameterOf(request, 'session_id');
}

export function turnIdOf(request: ApiRequest): string | undefined {
  return parameterOf(request, 'turn_id');
}

export function sessionUse({ call, context, endpoint }: AgentsCall, sessionId: string | undefined): Use {
  return { kind: 'session', id: sessionId, context, endpoint, startTime: call.startTime };
}
