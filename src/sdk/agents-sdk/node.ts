import type { Context, Span } from '@opentelemetry/api';
import { BoundedMap } from '../../util/bounded-map.ts';
import { LinkedContext, SPAN_KEY } from '../../util/context.ts';
import { arrayField, asObject, field, type PayloadObject, stringField } from '../../util/payload.ts';
import { AGENTS, type AgentsCaller, CONVERSATION, type ShowsCall } from './agents-key.ts';

/** The spans that call models. A model without its own span is called in an agent or turn. */
const AGENT_WORK: readonly string[] = ['response', 'generation', 'turn', 'agent'];

/** How deep nodes and contexts are nested. A program may begin each trace inside the previous one, for ever. */
const MAX_NODE_DEPTH = 64;
/** The context key for how deep a context is nested. */
const DEPTH: unique symbol = Symbol('depth');

/** How many open spans of a trace are remembered. A program may never end a span. */
const MAX_OPEN_IN_TRACE = 1_000;

/** A trace or span of `@openai/agents`, recorded by it or not. Copies of a trace or span share one node. */
export class AgentsNode implements AgentsCaller {
  /** The type of the span in `@openai/agents`: `agent`, `function`, …; `trace` for a trace. */
  readonly type: string;
  /** The node's data in `@openai/agents`, which adds to this object until the node ends. */
  readonly data: PayloadObject;
  /** Far inside, nodes that have ended are left out. */
  readonly parent: AgentsNode | undefined;
  readonly depth: number;
  state: 'made' | 'open' | 'ended' = 'made';
  /** Whether the span may still continue: its trace ended first, or it was restored from a saved state. */
  isPaused = false;
  /** The error as `@openai/agents` describes it. */
  error: unknown;
  /** The thrown error, if one ended the trace; `null` if `undefined` or `null` was thrown. */
  thrown: unknown;
  /** The id of the conversation that everything inside the node belongs to, if nothing inside names another one. */
  ownConversationId: string | undefined;
  /** Our span for the node, and the context inside. A node that is resumed gets a second span. */
  recorded: { readonly span: Span; readonly context: Context } | undefined;

  /** What the listener notes about the node. */
  notes: unknown;

  // The following are used only for traces:
  /** The spans inside that have not ended, oldest first. */
  readonly openSpans: BoundedMap<AgentsNode, AgentsNode> = new BoundedMap(MAX_OPEN_IN_TRACE);
  /** The unsettled promises of the trace's function and of the runs inside. */
  readonly running: Set<Promise<unknown>> = new Set();
  /** Whether the trace's function was seen: then its result says whether the trace has failed. */
  isFollowed = false;
  /** Whether `@openai/agents` has ended the trace, which may still wait for what runs inside. */
  isEnding = false;
  /** The stream of a run, if the trace's function has returned one. */
  stream: unknown;
  /** Adds to the trace's metadata, which `@openai/agents` saves with the state of a run. */
  addMetadata: ((added: Readonly<Record<string, string>>) => void) | undefined;
  /** Whether the trace's runner has tracing disabled. Of its tool calls, only handoffs then get spans. */
  hidesTools = false;

  constructor(type: string, data: PayloadObject, parent: AgentsNode | undefined) {
    this.type = type;
    this.data = data;
    const isFar = parent !== undefined && parent.depth >= MAX_NODE_DEPTH;
    this.parent = isFar ? (parent.open ?? (type === 'trace' ? undefined : parent)) : parent;
    this.depth = (this.parent?.depth ?? 0) + 1;
  }

  closest(fits: (node: AgentsNode) => boolean): AgentsNode | undefined {
    let node: AgentsNode | undefined = this;
    while (node !== undefined && !fits(node)) node = node.parent;
    return node;
  }

  /** The innermost trace around the node; for a trace, the trace itself. */
  get trace(): AgentsNode {
    return this.closest(({ type, parent }) => type === 'trace' || parent === undefined) ?? this;
  }

  get agent(): AgentsNode | undefined {
    return this.closest(({ type }) => type === 'agent');
  }

  /** The first node from here upwards that has a span and has not ended. */
  get open(): AgentsNode | undefined {
    return this.closest(({ recorded, state }) => recorded !== undefined && state !== 'ended');
  }

  /** The first node from here upwards that has a span, if possible one that has not ended. */
  get nearest(): AgentsNode | undefined {
    return this.open ?? this.closest(({ recorded }) => recorded !== undefined);
  }

  get agentName(): string | undefined {
    return stringField(this.agent?.data, 'name');
  }

  get conversationId(): string | undefined {
    return this.closest(({ ownConversationId }) => ownConversationId !== undefined)?.ownConversationId;
  }

  isWithin(outer: AgentsNode): boolean {
    return this.parent?.closest((node) => node === outer) !== undefined;
  }

  /** Whether model calls here belong to an agent, whose tools the library runs. In a tool, they do not. */
  get isModelCall(): boolean {
    return AGENT_WORK.includes(this.type);
  }

  get showsCall(): ShowsCall | undefined {
    if (!this.isModelCall) return undefined;
    if (!this.trace.hidesTools) return () => true;
    const tools = arrayField(this.agent?.data, 'tools');
    return ({ type, name }) => type === 'function' && !tools.includes(name);
  }

  /** The open traces that wait for a run that begins here. Those around an agent wait for the agent's run. */
  get waitingTraces(): readonly AgentsNode[] {
    const traces: AgentsNode[] = [];
    for (let node: AgentsNode | undefined = this; node !== undefined; node = node.trace.parent) {
      if (node.agent?.trace === node.trace) break;
      if (node.trace.state === 'open') traces.push(node.trace);
    }
    return traces;
  }

  record(span: Span, parent: Context): void {
    this.recorded = { span, context: contextBelow(parent, this, span) };
  }
}

export function agentsNodeIn(context: Context): AgentsNode | undefined {
  return context.getValue(AGENTS) as AgentsNode | undefined;
}

/** A context inside a node. Its active span stays the same even if the node gets another span. */
export function contextBelow(base: Context, node: AgentsNode, span: Span | undefined): Context {
  return new AgentsContext(base, () => node, { span });
}

interface PlacedSpan {
  readonly span: Span | undefined;
}

/** A context inside a trace of `@openai/agents`. Each access looks up the current span there. */
export class AgentsContext implements Context {
  readonly #base: Context;
  readonly #current: () => AgentsNode | undefined;
  readonly #placed: PlacedSpan | undefined;
  readonly #depth: number;

  /**
   * @param current returns the innermost node in the context of `@openai/agents`
   * @param placed a span that is active whatever the current node is
   */
  constructor(base: Context, current: () => AgentsNode | undefined, placed?: PlacedSpan) {
    const depth = Number(base.getValue(DEPTH) ?? 0);
    this.#base = depth < MAX_NODE_DEPTH ? base : AgentsContext.#flatten(base);
    this.#current = current;
    this.#placed = placed;
    this.#depth = (depth % MAX_NODE_DEPTH) + 1;
  }

  /** A context that keeps what a nested one has now. A node that has ended would keep the contexts before. */
  static #flatten(nested: Context): Context {
    let flat = LinkedContext.copy(nested);
    while (flat instanceof AgentsContext) flat = LinkedContext.copy(flat.#base);
    const node = agentsNodeIn(nested);
    for (const key of [SPAN_KEY, CONVERSATION]) flat = flat.setValue(key, nested.getValue(key));
    return flat.setValue(AGENTS, node?.open);
  }

  get isLinkable(): true {
    return true;
  }

  getValue(key: symbol): unknown {
    if (key === DEPTH) return this.#depth;
    const node = this.#current();
    if (node === undefined) return this.#base.getValue(key);
    if (key === AGENTS) return node;
    if (key === SPAN_KEY) return this.#placed === undefined ? this.#spanOf(node) : this.#placed.span;
    const value = this.#base.getValue(key);
    // The node's conversation replaces that of a node above, but not one that the program has named.
    const isNamed = value !== undefined && value !== agentsNodeIn(this.#base)?.conversationId;
    return key === CONVERSATION && !isNamed ? (node.conversationId ?? value) : value;
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

/** The data of a trace. If `@openai/agents` does not record the trace, only the options have its name. */
export function traceData(made: unknown, options: unknown): PayloadObject {
  const { name, groupId } = (asObject(options) ?? asObject(made) ?? {}) as PayloadObject;
  return {
    name: name ?? field(made, 'name'),
    groupId,
    traceId: field(made, 'traceId'),
    metadata: field(made, 'metadata'),
  };
}
