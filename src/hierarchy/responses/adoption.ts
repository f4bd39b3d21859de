import type { Context, SpanContext } from '@opentelemetry/api';
import type { Settings } from '../../config/config.ts';
import type { ApiRequest } from '../../operations/index.ts';
import type { Call } from '../../sdk/call.ts';
import { matchRoute } from '../../sdk/routes/index.ts';
import { asObject, field, stringField } from '../../util/payload.ts';
import { type Continuation, drives, placeAdopted } from '../conversations/ownership.ts';
import { asTime, OperationClock } from '../operation-clock.ts';
import type { KnownResponse } from './followed.ts';

/** A background response of another process, with its reconstructed creation. */
export interface Adoption {
  readonly id: string;
  /** The creating request, as far as the response repeats its parameters. */
  readonly request: ApiRequest;
  readonly clock: OperationClock;
  readonly startTime: number;
}

/**
 * Returns `undefined` for anything but a background response.
 *
 * @param model what this process requested
 */
export function readAdoption(
  call: Call,
  deployment: string | undefined,
  response: unknown,
  model: string | undefined = stringField(response, 'model'),
): Adoption | undefined {
  const id = stringField(response, 'id');
  const status = stringField(response, 'status');
  const isBackground = field(response, 'object') === 'response' && field(response, 'background') === true;
  if (id === undefined || status === undefined || !isBackground) return undefined;
  // A response contains the tier that served it, not the requested one.
  const { service_tier: _, ...body } = asObject(response) ?? {};
  const clock = OperationClock.ofResponse(call.headers, call.endTime, call.ownClock);
  const began = clock.local(asTime(field(response, 'created_at')), call.endTime);
  return {
    id,
    clock,
    startTime: Math.min(began, call.endTime),
    request: {
      ...matchRoute('POST', '/responses'),
      method: 'POST',
      body: { ...body, model },
      streamed: false,
      deployment,
    },
  };
}

/**
 * Returns where a background response is recorded that this process does not record yet, one that it handed on or paused or one of
 * another process, and what it is linked to; `undefined` if it is recorded elsewhere.
 */
export function placeAdoption(seen: {
  readonly settings: Settings;
  readonly call: Call;
  readonly response: unknown;
  /** Its earlier span, if it paused. */
  readonly paused: SpanContext | undefined;
  readonly known: KnownResponse | undefined;
  readonly creator: SpanContext | undefined;
  readonly context: Context;
}): Continuation | undefined {
  const { settings, call, response, paused, known, creator, context } = seen;
  if (paused !== undefined) return { context, link: paused };
  if (known !== undefined && !known.handedOn) return undefined;
  const own = known && { ...known.context, isRemote: true };
  const { headers, endTime: time } = call;
  const endedAt = asTime(field(response, 'completed_at'));
  const adoptable = { isDriven: drives(call), endedAt, headers, time };
  const found = { ...adoptable, isOwn: own !== undefined, creator: own ?? creator };
  return placeAdopted(settings, { ...found, object: response, context });
}
