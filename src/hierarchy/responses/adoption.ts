import type { ApiRequest } from '../../operations/index.ts';
import type { Call } from '../../sdk/call.ts';
import { matchRoute } from '../../sdk/routes/index.ts';
import { asObject, field, stringField } from '../../util/payload.ts';
import { milliseconds, ServerClock } from '../server-clock.ts';

/** A background response of another process, with its reconstructed creation. */
export interface Adoption {
  readonly id: string;
  /** The creating request, as far as the response repeats its parameters. */
  readonly request: ApiRequest;
  readonly clock: ServerClock;
  readonly startTime: number;
}

/** Returns `undefined` for anything but a background response. */
export function readAdoption(
  call: Call,
  deployment: string | undefined,
  response: unknown,
): Adoption | undefined {
  const id = stringField(response, 'id');
  const status = stringField(response, 'status');
  const isBackground = field(response, 'object') === 'response' && field(response, 'background') === true;
  if (id === undefined || status === undefined || !isBackground) return undefined;
  // A response contains the tier that served it, not the requested one.
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
