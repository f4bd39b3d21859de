import type { Link, SpanContext } from '@opentelemetry/api';
import type { Shelf, Store } from '../store.ts';
import type { AgentInvocation, PausedInvocation } from './agent-invocation.ts';

/** An invocation of this process with its last span. `open` is set until that span is recorded. */
interface KnownInvocation {
  readonly open: AgentInvocation | undefined;
  readonly span: SpanContext;
  /** Set if it was recorded before its end: the state that a second span continues. */
  readonly paused?: PausedInvocation | undefined;
}

/** The invocations of this process that have an id: open, paused and closed ones. */
export class KnownInvocations {
  readonly #known: Shelf<KnownInvocation>;

  constructor(store: Store) {
    this.#known = store.shelf<KnownInvocation>({
      evicted: ({ open }) => open?.close(),
      isInUse: ({ open }) => open !== undefined,
      isPaused: ({ paused }) => paused !== undefined,
    });
  }

  /** Called when the id of an invocation becomes known. */
  identify(id: string, invocation: AgentInvocation): void {
    const { origin } = invocation.endpoint;
    // A server that reuses an id has forgotten the first one.
    this.#known.get(origin, id)?.open?.close();
    this.#known.set(origin, id, { open: invocation, span: invocation.spanContext });
  }

  open(id: string, origin: string, conversationId: string | undefined): AgentInvocation | undefined {
    const invocation = this.#known.get(origin, id)?.open;
    return invocation?.isOf(conversationId) === true ? invocation : undefined;
  }

  /** The state of an invocation that was recorded before its end. The caller continues it in a second span. */
  paused(id: string, origin: string, conversationId: string | undefined): PausedInvocation | undefined {
    const paused = this.#known.get(origin, id)?.paused;
    const named = paused?.snapshot.conversationId;
    const isOther = named !== undefined && conversationId !== undefined && named !== conversationId;
    return isOther ? undefined : paused;
  }

  /** Called when an invocation is recorded. */
  closed({ id, endpoint: { origin }, spanContext: span, paused }: AgentInvocation): void {
    if (id !== undefined && this.#known.get(origin, id)?.span === span)
      this.#known.set(origin, id, { open: undefined, span, paused });
  }

  /** Whether this process records the invocation, or has recorded it. */
  has(id: string, origin: string): boolean {
    return this.#known.get(origin, id) !== undefined;
  }

  /** Links to the span of an invocation, for requests about it in other traces. */
  linksTo(id: string, origin: string): Link[] {
    const context = this.#known.get(origin, id)?.span;
    return context === undefined ? [] : [{ context }];
  }
}
