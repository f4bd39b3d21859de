import type { Context, Span } from '@opentelemetry/api';
import { SPAN_KEY } from '../../util/context.ts';
import { asObject, field, type PayloadObject } from '../../util/payload.ts';
import { AGENTS, type HandoffCall } from './agents-key.ts';

/** The span that represents a node, and the context in which it is active. */
interface RecordedSpan {
  readonly span: Span;
  readonly context: Context;
}

/** Where the library calls models: with its tracing for models switched off, directly below an agent or turn. */
const AGENT_WORK: readonly string[] = ['response', 'generation', 'turn', 'agent'];

/** A trace or span of `@openai/agents`. Its copies share one node, and so do those that the library does not record. */
export class AgentsNode {
  /** The library's name for the kind of span: `agent`, `function`, …; `trace` for a trace. */
  readonly type: string;
  /** What the library says of it. It is filled in until the end. */
  readonly data: PayloadObject;
  readonly parent: AgentsNode | undefined;
  state: 'made' | 'open' | 'ended' = 'made';
  /** Whether it may go on although it is not open: its trace has ended first, or it was restored from a saved state. */
  isPaused = false;
  /** The error as the library describes it. */
  error: unknown;
  /** The error itself, where one ended a trace; `null` where nothing was thrown as one. */
  thrown: unknown;
  /** Values for the contexts inside. */
  values: ReadonlyMap<symbol, unknown> | undefined;
  /** The call that has a span where an agent hands over. */
  readonly handoff: HandoffCall = { id: undefined };
  /** Set while it has a span. One that is resumed is not part of its first span. */
  recorded: RecordedSpan | undefined;

  // Of traces:
  /** The spans inside that have not ended, oldest first. */
  readonly openSpans: Set<AgentsNode> = new Set();
  /** What has not returned yet: its function, and the runs and spans inside. */
  readonly running: Set<Promise<unknown>> = new Set();
  /** Its function is, or was, followed: how it returns says whether the trace has failed. */
  isFollowed = false;
  /** The library has ended it. */
  isEnding = false;
  /** The stream that its function has returned. */
  stream: unknown;
  /** Adds to the metadata, which the library keeps in the state of a run. */
  addMetadata: ((added: Readonly<Record<string, string>>) => void) | undefined;
  /** A runner with its tracing disabled makes no spans for tools but handoffs. */
  hidesTools = false;

  constructor(type: string, data: PayloadObject, parent: AgentsNode | undefined) {
    this.type = type;
    this.data = data;
    this.parent = parent;
  }

  /** The node itself, or else the next one above it, that fits. */
  closest(fits: (node: AgentsNode) => boolean): AgentsNode | undefined {
    let node: AgentsNode | undefined = this;
    while (node !== undefined && !fits(node)) node = node.parent;
    return node;
  }

  /** The trace that it belongs to, which is the innermost one. */
  get trace(): AgentsNode {
    return this.closest(({ type, parent }) => type === 'trace' || parent === undefined) ?? this;
  }

  /** The agent that it is part of. */
  get agent(): AgentsNode | undefined {
    return this.closest(({ type }) => type === 'agent');
  }

  /** The node or the next one above it that has a span, one that has not ended. */
  get open(): AgentsNode | undefined {
    return this.closest(({ recorded, state }) => recorded !== undefined && state !== 'ended');
  }

  /** The node or the next one above it that has a span, if possible one that has not ended. */
  get nearest(): AgentsNode | undefined {
    return this.open ?? this.closest(({ recorded }) => recorded !== undefined);
  }

  /** The value of the key for contexts inside of it: its own, else that of the next node above it. */
  valueOf(key: symbol): unknown {
    return this.closest(({ values }) => values?.has(key) === true)?.values?.get(key);
  }

  isWithin(outer: AgentsNode): boolean {
    return this.parent?.closest((node) => node === outer) !== undefined;
  }

  /** Whether a call of a model here is one of an agent, whose tools the library runs; below a tool it is the program's. */
  get isModelCall(): boolean {
    return AGENT_WORK.includes(this.type);
  }

  /** Which of the tool calls that a model asks for here the library makes spans for. */
  get showsTools(): boolean | HandoffCall {
    return this.isModelCall && (!this.trace.hidesTools || (this.agent?.handoff ?? false));
  }

  /** The traces that last until a run that begins here has ended. What an agent runs is awaited by the run of that agent. */
  get waitingTraces(): readonly AgentsNode[] {
    const traces: AgentsNode[] = [];
    for (let node: AgentsNode | undefined = this; node !== undefined; node = node.trace.parent) {
      if (node.agent?.trace === node.trace) break;
      if (node.trace.state === 'open') traces.push(node.trace);
    }
    return traces;
  }

  /** Has a span stand for the node, from now on or from now on again. */
  record(span: Span, parent: Context): void {
    this.recorded = { span, context: contextBelow(parent, this, span) };
  }
}

/** The innermost trace or span of `@openai/agents` that the context is part of. */
export function agentsNodeIn(context: Context): AgentsNode | undefined {
  return context.getValue(AGENTS) as AgentsNode | undefined;
}

/** A context with a span that stays, below a node of the library. */
export function contextBelow(base: Context, node: AgentsNode, span: Span | undefined): Context {
  return new AgentsContext(base, () => node, { span });
}

interface PlacedSpan {
  readonly span: Span | undefined;
}

/**
 * The context inside of one of the library's own contexts. The library changes the current span of those in place, so
 * each lookup asks for it anew.
 */
export class AgentsContext implements Context {
  readonly #base: Context;
  readonly #current: () => AgentsNode | undefined;
  readonly #placed: PlacedSpan | undefined;

  /**
   * @param current the innermost node, of the library's context that this one belongs to
   * @param placed a span that stays, whatever the node
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
    // The program has set it, or it is of a node above.
    return value === undefined || value === agentsNodeIn(this.#base)?.valueOf(key)
      ? (node.valueOf(key) ?? value)
      : value;
  }

  #spanOf(node: AgentsNode): unknown {
    const { open } = node;
    // What a tool has left behind stays in its trace.
    if (open === undefined) return this.#base.getValue(SPAN_KEY) ?? node.nearest?.recorded?.span;
    // The program's own span, if it has made one inside of the same node.
    return agentsNodeIn(this.#base)?.open === open ? this.#base.getValue(SPAN_KEY) : open.recorded?.span;
  }

  setValue(key: symbol, value: unknown): Context {
    const node = this.#current();
    return key === SPAN_KEY && node !== undefined
      ? // On the same base: spans within spans would make a chain without an end.
        contextBelow(this.#placed === undefined ? this : this.#base, node, value as Span | undefined)
      : new AgentsContext(this.#base.setValue(key, value), this.#current, this.#placed);
  }

  deleteValue(key: symbol): Context {
    return key === SPAN_KEY
      ? this.setValue(key, undefined)
      : new AgentsContext(this.#base.deleteValue(key), this.#current, this.#placed);
  }
}

/** A trace that is not recorded does not know its name: only what it was made with does. */
export function traceData(made: unknown, options: unknown): PayloadObject {
  const { name, groupId } = (asObject(options) ?? asObject(made) ?? {}) as PayloadObject;
  return {
    name: name ?? field(made, 'name'),
    groupId,
    traceId: field(made, 'traceId'),
    metadata: field(made, 'metadata'),
  };
}
