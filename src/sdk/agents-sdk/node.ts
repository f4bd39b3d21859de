import type { Context, Span } from '@opentelemetry/api';
import { BoundedMap } from '../../util/bounded-map.ts';
import { SPAN_KEY } from '../../util/context.ts';
import { arrayField, asObject, field, type PayloadObject } from '../../util/payload.ts';
import { AGENTS, type ShowsCall } from './agents-key.ts';

/** Where the library calls models. If models are not traced, it calls them directly in an agent or turn. */
const AGENT_WORK: readonly string[] = ['response', 'generation', 'turn', 'agent'];

/** A program may begin spans in a trace and never end them. */
const MAX_OPEN_IN_TRACE = 1_000;

/** A trace or span of `@openai/agents`, whether or not the library records it. Copies of one share a node. */
export class AgentsNode {
  /** The library's name for the kind of span: `agent`, `function`, …; `trace` for a trace. */
  readonly type: string;
  /** The library's data about it. The library adds to the object until the end. */
  readonly data: PayloadObject;
  readonly parent: AgentsNode | undefined;
  state: 'made' | 'open' | 'ended' = 'made';
  /** Whether it may still continue: its trace ended before it, or it was restored from a saved state. */
  isPaused = false;
  /** The error as the library describes it. */
  error: unknown;
  /** The error that was thrown, if one ended a trace; `null` if the program threw `undefined` or `null`. */
  thrown: unknown;
  /** Context values for everything inside it. */
  values: ReadonlyMap<symbol, unknown> | undefined;
  /** Its span and the context below, once it has one. A trace or span that is resumed gets a second one. */
  recorded: { readonly span: Span; readonly context: Context } | undefined;

  // The following are used only for traces:
  /** The spans inside that have not ended, oldest first. */
  readonly openSpans: BoundedMap<AgentsNode, AgentsNode> = new BoundedMap(MAX_OPEN_IN_TRACE);
  /** The promises that have not settled yet: of its function, and of the runs inside. */
  readonly running: Set<Promise<unknown>> = new Set();
  /** Whether its function was seen, so that the function's result says whether the trace has failed. */
  isFollowed = false;
  /** Whether the library has ended it. It may still wait for what runs inside. */
  isEnding = false;
  /** The stream of a run that its function has returned. */
  stream: unknown;
  /** Adds to the metadata of the trace, which the library saves with the state of a run. */
  addMetadata: ((added: Readonly<Record<string, string>>) => void) | undefined;
  /** Whether it belongs to a runner with tracing disabled, which makes spans for handoffs but for no other tools. */
  hidesTools = false;

  constructor(type: string, data: PayloadObject, parent: AgentsNode | undefined) {
    this.type = type;
    this.data = data;
    this.parent = parent;
  }

  /** The first node that fits, beginning with this one and going up. */
  closest(fits: (node: AgentsNode) => boolean): AgentsNode | undefined {
    let node: AgentsNode | undefined = this;
    while (node !== undefined && !fits(node)) node = node.parent;
    return node;
  }

  /** The innermost trace around it; a trace itself. */
  get trace(): AgentsNode {
    return this.closest(({ type, parent }) => type === 'trace' || parent === undefined) ?? this;
  }

  get agent(): AgentsNode | undefined {
    return this.closest(({ type }) => type === 'agent');
  }

  /** The first node, going up from this one, that has a span and has not ended. */
  get open(): AgentsNode | undefined {
    return this.closest(({ recorded, state }) => recorded !== undefined && state !== 'ended');
  }

  /** The first node, going up from this one, that has a span: if possible, one that has not ended. */
  get nearest(): AgentsNode | undefined {
    return this.open ?? this.closest(({ recorded }) => recorded !== undefined);
  }

  /** The context value for everything inside it: its own, or else that of the next node above it. */
  valueOf(key: symbol): unknown {
    return this.closest(({ values }) => values?.has(key) === true)?.values?.get(key);
  }

  isWithin(outer: AgentsNode): boolean {
    return this.parent?.closest((node) => node === outer) !== undefined;
  }

  /** Whether an agent makes the model calls here, and the library runs its tools. In a tool, the program does. */
  get isModelCall(): boolean {
    return AGENT_WORK.includes(this.type);
  }

  get showsCall(): ShowsCall | undefined {
    if (!this.isModelCall) return undefined;
    if (!this.trace.hidesTools) return () => true;
    const tools = arrayField(this.agent?.data, 'tools');
    return ({ type, name }) => type === 'function' && !tools.includes(name);
  }

  /** The traces that wait for a run that begins here. They do not wait for runs inside an agent: its own run does. */
  get waitingTraces(): readonly AgentsNode[] {
    const traces: AgentsNode[] = [];
    for (let node: AgentsNode | undefined = this; node !== undefined; node = node.trace.parent) {
      if (node.agent?.trace === node.trace) break;
      if (node.trace.state === 'open') traces.push(node.trace);
    }
    return traces;
  }

  /** Sets the span that represents the node from now on, also if it had another one before. */
  record(span: Span, parent: Context): void {
    this.recorded = { span, context: contextBelow(parent, this, span) };
  }
}

/** The innermost trace or span of `@openai/agents` that the context is part of. */
export function agentsNodeIn(context: Context): AgentsNode | undefined {
  return context.getValue(AGENTS) as AgentsNode | undefined;
}

/** A context inside a node of the library. Its active span stays the same even if the node gets another span. */
export function contextBelow(base: Context, node: AgentsNode, span: Span | undefined): Context {
  return new AgentsContext(base, () => node, { span });
}

interface PlacedSpan {
  readonly span: Span | undefined;
}

/**
 * An OpenTelemetry context inside one of the library's own. The library changes the current span of that in place, so
 * this context looks for it at every access.
 */
export class AgentsContext implements Context {
  readonly #base: Context;
  readonly #current: () => AgentsNode | undefined;
  readonly #placed: PlacedSpan | undefined;

  /**
   * @param current returns the innermost node in the library's context
   * @param placed a span that is active whatever the current node is
   */
  constructor(base: Context, current: () => AgentsNode | undefined, placed?: PlacedSpan) {
    this.#base = base;
    this.#current = current;
    this.#placed = placed;
  }

  get isLinkable(): true {
    return true;
  }

  getValue(key: symbol): unknown {
    const node = this.#current();
    if (node === undefined) return this.#base.getValue(key);
    if (key === AGENTS) return node;
    if (key === SPAN_KEY) return this.#placed === undefined ? this.#spanOf(node) : this.#placed.span;
    const value = this.#base.getValue(key);
    // The node's value replaces one from a node above, but not one that the program has set.
    return value === undefined || value === agentsNodeIn(this.#base)?.valueOf(key)
      ? (node.valueOf(key) ?? value)
      : value;
  }

  #spanOf(node: AgentsNode): unknown {
    const { open } = node;
    // Work that a tool has left running after everything ended stays in the same trace.
    if (open === undefined) return this.#base.getValue(SPAN_KEY) ?? node.nearest?.recorded?.span;
    // If the base is in the same node, the program may have made a span of its own there, which comes first.
    return agentsNodeIn(this.#base)?.open === open ? this.#base.getValue(SPAN_KEY) : open.recorded?.span;
  }

  setValue(key: symbol, value: unknown): Context {
    const node = this.#current();
    return key === SPAN_KEY && node !== undefined
      ? // The new context has the same base. Otherwise, spans within spans would make an ever longer chain of contexts.
        contextBelow(this.#placed === undefined ? this : this.#base, node, value as Span | undefined)
      : new AgentsContext(this.#base.setValue(key, value), this.#current, this.#placed);
  }

  deleteValue(key: symbol): Context {
    return key === SPAN_KEY
      ? this.setValue(key, undefined)
      : new AgentsContext(this.#base.deleteValue(key), this.#current, this.#placed);
  }
}

/** The data of a trace. If the library does not record the trace, only the options have its name. */
export function traceData(made: unknown, options: unknown): PayloadObject {
  const { name, groupId } = (asObject(options) ?? asObject(made) ?? {}) as PayloadObject;
  return {
    name: name ?? field(made, 'name'),
    groupId,
    traceId: field(made, 'traceId'),
    metadata: field(made, 'metadata'),
  };
}
