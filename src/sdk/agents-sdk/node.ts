import type { Context, Span } from '@opentelemetry/api';
import { asObject, field, type PayloadObject } from '../../util/payload.ts';
import { PlacedContext } from './agents-context.ts';
import type { HandoffCall } from './agents-key.ts';

/** The span that stands for a node, and the context in which it is active. */
interface RecordedSpan {
  readonly span: Span;
  readonly context: Context;
}

/** Where the library calls models: with its tracing for models switched off, directly below an agent or turn. */
const AGENT_WORK: ReadonlySet<string> = new Set(['response', 'generation', 'turn', 'agent']);

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
  /** What of a trace has not returned yet: its function, and the runs and spans inside. */
  readonly running: Set<Promise<unknown>> = new Set();
  /** The function of a trace is, or was, followed: how it returns tells whether the trace has failed. */
  isFollowed = false;
  /** The library has ended it. */
  isEnding = false;
  /** The stream that the function of a trace has returned. */
  stream: unknown;
  /** Adds to the metadata of a trace, which the library keeps in the state of a run. */
  addMetadata: ((added: Readonly<Record<string, string>>) => void) | undefined;
  /** Values for the contexts inside. */
  values: ReadonlyMap<symbol, unknown> | undefined;
  /** The call that has a span where an agent hands over. */
  readonly handoff: HandoffCall = { id: undefined };
  /** A runner with its tracing disabled makes no spans for tools but handoffs. */
  hidesTools = false;
  #recorded: RecordedSpan | undefined;

  constructor(type: string, data: PayloadObject, parent: AgentsNode | undefined) {
    this.type = type;
    this.data = data;
    this.parent = parent;
  }

  /** The trace that it belongs to, which is the innermost one. */
  get trace(): AgentsNode {
    let node: AgentsNode = this;
    while (node.type !== 'trace' && node.parent !== undefined) node = node.parent;
    return node;
  }

  /** Whether a call of a model here is one of an agent, whose tools the library runs; below a tool it is the program's. */
  get isModelCall(): boolean {
    return AGENT_WORK.has(this.type);
  }

  /** Which of the tool calls that a model asks for here the library makes spans for. */
  get showsTools(): boolean | HandoffCall {
    return this.isModelCall && (!this.trace.hidesTools || (this.agent?.handoff ?? false));
  }

  /** The value of the key for contexts inside of it: its own, else that of the next node above it. */
  valueOf(key: symbol): unknown {
    let node: AgentsNode | undefined = this;
    while (node !== undefined && node.values?.has(key) !== true) node = node.parent;
    return node?.values?.get(key);
  }

  get recorded(): RecordedSpan | undefined {
    return this.#recorded;
  }

  /** Has a span stand for the node, from now on or from now on again. */
  record(span: Span, parent: Context): void {
    this.#recorded = { span, context: new PlacedContext(parent, this, span) };
  }

  /** One that is resumed is not part of its first span. */
  forget(): void {
    this.#recorded = undefined;
  }

  /** The node or the next one above it that has a span, one that has not ended. */
  get open(): AgentsNode | undefined {
    let node: AgentsNode | undefined = this;
    while (node !== undefined && (node.#recorded === undefined || node.state === 'ended')) node = node.parent;
    return node;
  }

  /** The node or the next one above it that has a span, if possible one that has not ended. */
  get nearest(): AgentsNode | undefined {
    let node: AgentsNode | undefined = this.open ?? this;
    while (node !== undefined && node.#recorded === undefined) node = node.parent;
    return node;
  }

  isWithin(outer: AgentsNode): boolean {
    return this.parent !== undefined && (this.parent === outer || this.parent.isWithin(outer));
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

  /** The agent that it is part of. */
  get agent(): AgentsNode | undefined {
    let node: AgentsNode | undefined = this;
    while (node !== undefined && node.type !== 'agent') node = node.parent;
    return node;
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
