import type { Link, SpanContext } from '@opentelemetry/api';
import { BoundedMap } from '../../util/bounded-map.ts';
import { isOf, isSame, keyAt } from '../conversations/conversation-keys.ts';
import type { Invocation } from './invocation.ts';
import { PausedInvocations } from './paused.ts';
import type { PausedInvocation } from './paused-invocation.ts';

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
