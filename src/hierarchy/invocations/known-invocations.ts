import type { Attributes, Link, SpanContext } from '@opentelemetry/api';
import type { Observation } from '../observed-call.ts';
import { LONG_LIFETIME_MS, type Shelf, type Store } from '../store.ts';
import { createdTimeOf, type Invocation, type InvocationStart, isOf } from './invocation.ts';
import { NO_RECORDED_CALLS, NO_RECORDED_STEPS, type PausedInvocation } from './paused-invocation.ts';

/** An invocation of this process: its last span, and while that is open all that is known of it. */
interface KnownInvocation {
  readonly open: Invocation | undefined;
  readonly span: SpanContext;
}

/** The invocations of this process that have an id: open, paused and closed ones. */
export class KnownInvocations {
  readonly #known: Shelf<KnownInvocation>;
  /** Those that a second span can go on with where the first one stopped. */
  readonly #paused: Shelf<PausedInvocation>;

  constructor(store: Store) {
    this.#known = store.shelf<KnownInvocation>({
      evicted: ({ open }) => open?.close(),
      isInUse: ({ open }) => open !== undefined,
    });
    this.#paused = store.shelf({ lifetimeMs: LONG_LIFETIME_MS });
  }

  /** Called when the id of an invocation becomes known. */
  identify(id: string, invocation: Invocation): void {
    const { origin } = invocation.endpoint;
    const forgotten = this.#known.get(origin, id)?.open;
    // A server that reuses an id has forgotten the first one, which never goes on.
    if (forgotten !== undefined) {
      forgotten.mayGoOn = false;
      forgotten.close();
    }
    this.#known.set(origin, id, { open: invocation, span: invocation.spanContext });
  }

  open(id: string, origin: string, conversationId: string | undefined): Invocation | undefined {
    const invocation = this.#known.get(origin, id)?.open;
    return invocation !== undefined && isOf(invocation, conversationId) ? invocation : undefined;
  }

  /** Takes a paused invocation, which the caller goes on with. */
  takePaused(id: string, origin: string, conversationId: string | undefined): PausedInvocation | undefined {
    const paused = this.#paused.get(origin, id);
    const named = paused?.conversationId;
    const isOther = named !== undefined && conversationId !== undefined && named !== conversationId;
    // Another conversation of the server may have an open invocation with this id.
    if (paused === undefined || isOther || this.#known.get(origin, id)?.open !== undefined) return undefined;
    this.#paused.delete(origin, id);
    return paused;
  }

  /** @param pauses whether it may go on later */
  close(id: string, invocation: Invocation, pauses: boolean): void {
    const { endpoint, spanContext: span } = invocation;
    const other = this.#known.get(endpoint.origin, id)?.open;
    if (other === undefined || other === invocation)
      this.#known.set(endpoint.origin, id, { open: undefined, span });
    if (pauses) this.#paused.set(endpoint.origin, id, pausedInvocation(id, invocation));
  }

  /** Whether this process records the invocation, or has recorded it. */
  has(id: string, origin: string): boolean {
    return this.#known.get(origin, id) !== undefined || this.#paused.get(origin, id) !== undefined;
  }

  /** Links to an invocation, for requests about it in other traces: to its last span where it has several. */
  linksTo(id: string, origin: string): Link[] {
    const context = this.#known.get(origin, id)?.span ?? this.#paused.get(origin, id)?.span;
    return context === undefined ? [] : [{ context }];
  }
}

/** What the request asked for holds for all spans of an invocation; what its response told does not. */
const KEPT_ATTRIBUTES = 'gen_ai.request.';

function pausedInvocation(id: string, invocation: Invocation): PausedInvocation {
  const { kind, clock, steps, agent, place, resumed } = invocation;
  const before = resumed?.recordedSteps ?? NO_RECORDED_STEPS;
  const own = steps.all.map(({ snapshot }) => [snapshot.id, snapshot.usage] as const);
  const callsBefore = resumed?.recordedCalls ?? NO_RECORDED_CALLS;
  const unanswered = steps.unanswered;
  const waiting = new Set(unanswered.map(({ snapshot }) => snapshot.id));
  const calls = steps.toolCalls.map(({ snapshot }) => snapshot.id).filter((call) => !waiting.has(call));
  return {
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
  };
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
