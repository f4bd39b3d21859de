import type { Link, SpanContext } from '@opentelemetry/api';
import { LONG_LIFETIME_MS, type Shelf, type Store } from '../store.ts';
import type { AgentInvocation, PausedInvocation } from './agent-invocation.ts';

/** An invocation of this process. */
interface KnownInvocation {
  /** All that is known of it while it is open. */
  readonly open: AgentInvocation | undefined;
  /** The last one. */
  readonly span: SpanContext;
  /** What a second span goes on with, where the first one was closed before the end. */
  readonly paused: PausedInvocation | undefined;
}

/** The invocations of this process that have an id: open, paused and closed ones. */
export class KnownInvocations {
  readonly #known: Shelf<KnownInvocation>;

  constructor(store: Store) {
    this.#known = store.shelf<KnownInvocation>({
      lifetimeMs: LONG_LIFETIME_MS,
      evicted: ({ open }) => open?.close(),
      isInUse: ({ open }) => open !== undefined,
    });
  }

  /** Called when the id of an invocation becomes known. */
  identify(id: string, invocation: AgentInvocation): void {
    const { origin } = invocation.endpoint;
    // A server that reuses an id has forgotten the first one, which never continues.
    this.#known.get(origin, id)?.open?.closeForGood();
    this.#known.set(origin, id, { open: invocation, span: invocation.spanContext, paused: undefined });
  }

  open(id: string, origin: string, conversationId: string | undefined): AgentInvocation | undefined {
    const invocation = this.#known.get(origin, id)?.open;
    return invocation?.isOf(conversationId) === true ? invocation : undefined;
  }

  /** Takes a paused invocation, which the caller continues with, and identifies. */
  takePaused(id: string, origin: string, conversationId: string | undefined): PausedInvocation | undefined {
    const paused = this.#known.get(origin, id)?.paused;
    const named = paused?.conversationId;
    const isOther = named !== undefined && conversationId !== undefined && named !== conversationId;
    return isOther ? undefined : paused;
  }

  /** Called when an invocation is recorded. */
  closed(invocation: AgentInvocation): void {
    const { id, endpoint, spanContext: span, life } = invocation;
    if (id === undefined) return;
    const other = this.#known.get(endpoint.origin, id)?.open;
    // Another conversation of the server may have an open invocation with this id.
    if (other !== undefined && other !== invocation) return;
    const paused = life.state === 'paused' ? invocation.paused(id) : undefined;
    this.#known.set(endpoint.origin, id, { open: undefined, span, paused });
  }

  /** Whether this process records the invocation, or has recorded it. */
  has(id: string, origin: string): boolean {
    return this.#known.get(origin, id) !== undefined;
  }

  /** Links to an invocation, for requests about it in other traces: to its last span where it has several. */
  linksTo(id: string, origin: string): Link[] {
    const context = this.#known.get(origin, id)?.span;
    return context === undefined ? [] : [{ context }];
  }
}
