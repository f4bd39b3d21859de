import type { ApiRequest } from '../../operations/index.ts';
import type { Call } from '../../sdk/call.ts';
import { matchRoute } from '../../sdk/routes/index.ts';
import { asObject, field, stringField } from '../../util/payload.ts';
import { milliseconds, ServerClock } from '../server-clock.ts';

/** A response that another process has created in the background, and what its creation looked like. */
export interface Adoption {
  readonly id: string;
  /** The request that creates it, as far as the response repeats what was asked for. */
  readonly request: ApiRequest;
  readonly clock: ServerClock;
  readonly startTime: number;
}

/** `undefined` where there is no such response. */
export function readAdoption(
  call: Call,
  deployment: string | undefined,
  response: unknown,
): Adoption | undefined {
  const id = stringField(response, 'id');
  const status = stringField(response, 'status');
  const isBackground = field(response, 'object') === 'response' && field(response, 'background') === true;
  if (id === undefined || status === undefined || !isBackground) return undefined;
  // A response says which tier has served it, not which was asked for.
  const { service_tier: _, ...body } = asObject(response) ?? {};
  const clock = ServerClock.ofResponse(call.headers, call.endTime);
  const began = clock.local(milliseconds(response, 'created_at'), call.endTime);
  return {
    id,
    clock,
    startTime: Math.min(began, call.endTime),
    request: {
      ...matchRoute('POST', '/responses'),
      method: 'POST',
      body,
      query: undefined,
      streamed: false,
      deployment,
    },
  };
}
