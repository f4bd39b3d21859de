import type { Attributes, Link, SpanContext } from '@opentelemetry/api';
import { BoundedMap } from '../../util/bounded-map.ts';
import { isOf, isSame, keyAt } from '../conversations/conversation-keys.ts';
import type { Observation } from '../observed-call.ts';
import { createdTimeOf, type Invocation, type InvocationStart } from './invocation.ts';
import { NO_RECORDED_CALLS, NO_RECORDED_STEPS, type PausedInvocation } from './paused-invocation.ts';

/** A map whose entries have a lifetime. */
export type Memory = Pick<BoundedMap<unknown, unknown>, 'size' | 'expire'>;

/** How long closed invocations are remembered after their last use. */
const CLOSED_LIFETIME_MS = 3_600_000;

/** The invocations of this process that have an id: open, paused and closed ones. */
export class KnownInvocations {
  readonly #open: BoundedMap<string, Invocation>;
  readonly #paused: PausedInvocations;
  /** The span contexts of closed invocations. */
  readonly #closed: BoundedMap<string, SpanContext>;

  constructor(limit: number) {
    this.#open = new BoundedMap(limit, (invocation) => invocation.close());
    this.#paused = new PausedInvocations(limit);
    this.#closed = new BoundedMap(limit, undefined, CLOSED_LIFETIME_MS);
  }

  /** The maps whose entries expire. */
  get memories(): readonly Memory[] {
    return [this.#paused, this.#closed];
  }

  /** Called when the id of an invocation becomes known. */
  identify(id: string, invocation: Invocation): void {
    const key = keyAt(invocation.endpoint.origin, id);
    const forgotten = this.#open.get(key);
    // A server that reuses an id has forgotten the first one, which never goes on.
    if (forgotten !== undefined) {
      forgotten.mayGoOn = false;
      forgotten.close();
    }
    this.#open.set(key, invocation);
  }

  open(id: string, origin: string, conversationId: string | undefined): Invocation | undefined {
    const invocation = this.#open.get(keyAt(origin, id));
    return invocation !== undefined && isOf(invocation, conversationId) ? invocation : undefined;
  }

  /** Takes a paused invocation, which the caller goes on with. */
  takePaused(id: string, origin: string, conversationId: string | undefined): PausedInvocation | undefined {
    if (this.#paused.size === 0) return undefined;
    const key = keyAt(origin, id);
    const paused = this.#paused.get(key);
    if (paused === undefined || !isSame(paused.conversationId, conversationId)) return undefined;
    // Another conversation of the server has an open invocation with this id.
    if (this.#open.get(key) !== undefined) return undefined;
    this.#paused.delete(key);
    return paused;
  }

  /** @param pauses whether it may go on later */
  close(id: string, invocation: Invocation, pauses: boolean): void {
    const key = keyAt(invocation.endpoint.origin, id);
    if (this.#open.get(key) === invocation) this.#open.delete(key);
    if (pauses) this.#paused.keep(key, invocation);
    else this.#closed.set(key, invocation.spanContext);
  }

  /** Whether this process records the invocation, or has recorded it. */
  has(id: string, origin: string): boolean {
    const key = keyAt(origin, id);
    return [this.#open, this.#closed, this.#paused].some((kept) => kept.get(key) !== undefined);
  }

  /** Links to an invocation, for requests about it in other traces: to its last span where it has several. */
  linksTo(id: string, origin: string): Link[] {
    const key = keyAt(origin, id);
    const context = this.#open.get(key)?.spanContext ?? this.#closed.get(key) ?? this.#paused.get(key)?.span;
    return context === undefined ? [] : [{ context }];
  }
}

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
