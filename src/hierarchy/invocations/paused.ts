import type { Attributes } from '@opentelemetry/api';
import { BoundedMap } from '../../util/bounded-map.ts';
import type { Observation } from '../observed-call.ts';
import { createdTimeOf } from './identify-invocation.ts';
import type { Invocation } from './invocation.ts';
import type { InvocationStart } from './invocation-start.ts';
import { NO_RECORDED_CALLS, NO_RECORDED_STEPS, type PausedInvocation } from './paused-invocation.ts';

/** How long an invocation may pause: as long as a person may need for an answer. */
export const PAUSE_LIFETIME_MS: number = 86_400_000;
/** What the request asked for holds for all spans of an invocation; what its response told does not. */
const KEPT_ATTRIBUTES = 'gen_ai.request.';
/** Keeps invocations that were closed before their end, so that a second span can go on where the first one stopped. */
export class PausedInvocations extends BoundedMap<string, PausedInvocation> {
  constructor(limit: number) {
    super(limit, undefined, PAUSE_LIFETIME_MS);
  }

  keep(key: string, invocation: Invocation): void {
    const { id, kind, clock, steps, agent, place, resumed } = invocation;
    if (id === undefined) return;
    const before = resumed?.recordedSteps ?? NO_RECORDED_STEPS;
    const own = steps.all.map(({ snapshot }) => [snapshot.id, snapshot.usage] as const);
    const callsBefore = resumed?.recordedCalls ?? NO_RECORDED_CALLS;
    const unanswered = steps.unanswered;
    const waiting = new Set(unanswered.map(({ snapshot }) => snapshot.id));
    const calls = steps.toolCalls.map(({ snapshot }) => snapshot.id).filter((call) => !waiting.has(call));
    this.set(key, {
      id,
      kind,
      clock,
      agent,
      agentId: place.agentId,
      conversationId: invocation.conversationId,
      attributes: requested(invocation.attributes),
      span: invocation.spanContext,
      createdTime: createdTimeOf(invocation),
      recordedSteps: own.length === 0 ? before : new Map([...before, ...own]),
      recordedCalls: calls.length === 0 ? callsBefore : new Set([...callsBefore, ...calls]),
      unanswered,
    });
  }
}

/** Where and when a paused invocation goes on. */
export interface Resumption extends Pick<Observation, 'context' | 'endpoint' | 'time' | 'ownClock'> {}

/** The start of the span that goes on with a paused invocation. */
export function resumption(
  paused: PausedInvocation,
  { context, endpoint, time, ownClock }: Resumption,
): Omit<InvocationStart, 'segment'> {
  const { kind, agent, agentId, attributes, span, createdTime, unanswered } = paused;
  const clock = paused.clock.continued(ownClock);
  const moved = <Time extends number | undefined>(time: Time): Time | number =>
    time === undefined ? time : clock.from(time, paused.clock.own);
  return {
    kind,
    agent,
    agentId,
    endpoint,
    attributes,
    input: { count: 0, messages: [] },
    content: undefined,
    context,
    creator: span,
    startTime: time,
    clock,
    resumed: {
      ...paused,
      createdTime: moved(createdTime),
      unanswered: unanswered.map((call) => ({ ...call, requestedAt: moved(call.requestedAt) })),
    },
  };
}

function requested(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => name.startsWith(KEPT_ATTRIBUTES)));
}
