import type { Link, SpanContext } from '@opentelemetry/api';
import { LONG_LIFETIME_MS, type Shelf, type Store } from '../store.ts';
import type { AgentInvocation, PausedInvocation } from './agent-invocation.ts';

/** An invocation of this process: its last span, and while that is open all that is known of it. */
interface KnownInvocation {
  readonly open: AgentInvocation | undefined;
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
  identify(id: string, invocation: AgentInvocation): void {
    const { origin } = invocation.endpoint;
    // A server that reuses an id has forgotten the first one, which never continues.
    this.#known.get(origin, id)?.open?.closeForGood();
    this.#known.set(origin, id, { open: invocation, span: invocation.spanContext });
  }

  open(id: string, origin: string, conversationId: string | undefined): AgentInvocation | undefined {
    const invocation = this.#known.get(origin, id)?.open;
    return invocation?.isOf(conversationId) === true ? invocation : undefined;
  }

  /** Takes a paused invocation, which the caller continues with. */
  takePaused(id: string, origin: string, conversationId: string | undefined): PausedInvocation | undefined {
    const paused = this.#paused.get(origin, id);
    const named = paused?.conversationId;
    const isOther = named !== undefined && conversationId !== undefined && named !== conversationId;
    // Another conversation of the server may have an open invocation with this id.
    if (paused === undefined || isOther || this.#known.get(origin, id)?.open !== undefined) return undefined;
    this.#paused.delete(origin, id);
    return paused;
  }

  /** Called when an invocation is recorded. */
  closed(invocation: AgentInvocation): void {
    const { id, endpoint, spanContext: span, life } = invocation;
    if (id === undefined) return;
    const other = this.#known.get(endpoint.origin, id)?.open;
    if (other === undefined || other === invocation)
      this.#known.set(endpoint.origin, id, { open: undefined, span });
    if (life.state === 'paused') this.#paused.set(endpoint.origin, id, invocation.paused(id));
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
