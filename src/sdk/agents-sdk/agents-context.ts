import type { Context, Span } from '@opentelemetry/api';
import { SPAN_KEY } from '../../util/context.ts';
import { AGENTS } from './agents-key.ts';
import type { AgentsNode } from './node.ts';

/** The innermost trace or span of `@openai/agents` that the context is part of. */
export function agentsNodeIn(context: Context): AgentsNode | undefined {
  return context.getValue(AGENTS) as AgentsNode | undefined;
}

/** What the program has set in the context, else what the node has for it, else what the context has from a node above. */
function valueBelow(base: Context, node: AgentsNode, key: symbol): unknown {
  const value = base.getValue(key);
  return value === undefined || value === agentsNodeIn(base)?.valueOf(key)
    ? (node.valueOf(key) ?? value)
    : value;
}

/**
 * The context inside of one of the library's own contexts. The library changes the current span of those in place, so
 * each lookup asks for it anew.
 */
export class AgentsContext implements Context {
  readonly #base: Context;
  readonly #current: () => AgentsNode | undefined;

  /** @param current the innermost node, of the library's context that this one belongs to */
  constructor(base: Context, current: () => AgentsNode | undefined) {
    this.#base = base;
    this.#current = current;
  }

  get isLinkable(): true {
    return true;
  }

  getValue(key: symbol): unknown {
    const node = this.#current();
    if (node === undefined) return this.#base.getValue(key);
    if (key === AGENTS) return node;
    if (key !== SPAN_KEY) return valueBelow(this.#base, node, key);
    const open = node.open;
    // What a tool has left behind stays in its trace.
    if (open === undefined) return this.#base.getValue(key) ?? node.nearest?.recorded?.span;
    // The program's own span, if it has made one inside of the same node.
    if (agentsNodeIn(this.#base)?.open === open) return this.#base.getValue(key);
    return open.recorded?.span;
  }

  setValue(key: symbol, value: unknown): Context {
    const node = this.#current();
    return key === SPAN_KEY && node !== undefined
      ? new PlacedContext(this, node, value as Span | undefined)
      : new AgentsContext(this.#base.setValue(key, value), this.#current);
  }

  deleteValue(key: symbol): Context {
    return key === SPAN_KEY
      ? this.setValue(key, undefined)
      : new AgentsContext(this.#base.deleteValue(key), this.#current);
  }
}

/** A context with a span that stays, below a node of the library. */
export class PlacedContext implements Context {
  readonly #base: Context;
  readonly #node: AgentsNode;
  readonly #span: Span | undefined;

  constructor(base: Context, node: AgentsNode, span: Span | undefined) {
    this.#base = base;
    this.#node = node;
    this.#span = span;
  }

  get isLinkable(): true {
    return true;
  }

  getValue(key: symbol): unknown {
    if (key === AGENTS) return this.#node;
    return key === SPAN_KEY ? this.#span : valueBelow(this.#base, this.#node, key);
  }

  setValue(key: symbol, value: unknown): Context {
    return key === SPAN_KEY
      ? new PlacedContext(this.#base, this.#node, value as Span | undefined)
      : new PlacedContext(this.#base.setValue(key, value), this.#node, this.#span);
  }

  deleteValue(key: symbol): Context {
    return key === SPAN_KEY
      ? this.setValue(key, undefined)
      : new PlacedContext(this.#base.deleteValue(key), this.#node, this.#span);
  }
}
