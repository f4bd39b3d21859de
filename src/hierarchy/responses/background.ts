import { trace } from '@opentelemetry/api';
import { responseIn } from '../../operations/response/accumulator.ts';
import { keptResponse } from '../../operations/response/kept-response.ts';
import type { Call } from '../../sdk/call.ts';
import { readWithClient } from '../../sdk/own-requests.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { EVENT_OPENAI_RESPONSE_REQUEST } from '../../semconv/events.ts';
import { type TextLimits, textLimits } from '../../telemetry/kept-text.ts';
import { field, stringField } from '../../util/payload.ts';
import { activeSpan, isInTrace } from '../conversations/conversation.ts';
import {
  type ContinuationTraits,
  ContinuedCall,
  type ContinuedStart,
} from '../invocations/continued-call.ts';
import type { InvocationOwner } from '../invocations/invocation.ts';
import { asTime } from '../operation-clock.ts';

const ENDED_RESPONSE_STATUSES: ReadonlySet<string> = new Set([
  'completed',
  'failed',
  'cancelled',
  'incomplete',
]);

/** A background response that has shown no sign of life for this time is given up. */
const BACKGROUND_RESPONSE_TIMEOUT_MS = 1_800_000;

/** Whether a response is in progress after its call, which only a background response can be. */
export function isResponseOpen(response: unknown): boolean {
  return field(response, 'background') === true && stateOf(response) === 'open';
}

function stateOf(response: unknown): ReturnType<ContinuationTraits['stateOf']> {
  const status = stringField(response, 'status');
  if (status === undefined) return undefined;
  return ENDED_RESPONSE_STATUSES.has(status) ? 'over' : 'open';
}

/** @param limits of texts; `undefined` where content is not recorded */
function continuation(limits: TextLimits | undefined): ContinuationTraits {
  return {
    timeout: BACKGROUND_RESPONSE_TIMEOUT_MS,
    stateOf,
    kept: (response) => keptResponse(response, limits),
    resultIn: responseIn,
    requestEvent: { name: EVENT_OPENAI_RESPONSE_REQUEST, status: ATTR.GEN_AI_RESPONSE_STATUS },
    createdAt: (response) => asTime(field(response, 'created_at')),
    endedAt: (response) => asTime(field(response, 'completed_at')),
  };
}

export interface BackgroundStart extends Omit<ContinuedStart, 'closed'> {
  readonly id: string;
  /** Reads its end. */
  readonly client: object;
  /** Called with the last result once its record has ended. */
  readonly ended: (result: unknown, endTime: number) => void;
}

/** A background response, from its creation to its end, however the end becomes known. */
export function backgroundResponse(
  start: BackgroundStart & Pick<ContinuedStart, 'closed'>,
  owner: InvocationOwner,
): ContinuedCall {
  const { client } = start;
  const { settings, wantsContent } = owner.telemetry;
  const traits = continuation(wantsContent ? textLimits(settings) : undefined);
  const response = new ContinuedCall(traits, start, owner);
  response.read = async (_, send) => {
    const path = `/responses/${encodeURIComponent(start.id)}`;
    const told = await send((controller) => readWithClient(client, path, {}, undefined, controller));
    response.see(told, response.clock.now(), false);
  };
  return response;
}

/** Whether a request about it has no span of its own. */
export function foldsInto({ context }: ContinuedCall, call: Call): boolean {
  const traceId = trace.getSpanContext(context)?.traceId ?? '';
  return call.method !== 'DELETE' && isInTrace(activeSpan(call.context), traceId);
}
