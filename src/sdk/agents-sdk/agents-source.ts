import { BoundedMap } from '../../util/bounded-map.ts';
import { activeContext } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { copyFunctionProperties, patchMethod } from '../../util/patch-method.ts';
import { asObject, field, type PayloadObject } from '../../util/payload.ts';
import { isObject } from '../reflect.ts';
import { AgentsContext } from './agents-context.ts';
import {
  type Entered,
  globalStorage,
  HeardStorage,
  isStorage,
  type Run,
  setStorage,
  type TraceRuns,
} from './library.ts';
import { AgentsNode, traceData } from './node.ts';
import { follow, WaitingTraces } from './running-traces.ts';

/** The id of every trace that the library does not record. */
export const NO_TRACE_ID: string = 'no-op';

/** Traces to end when this package stops listening. A program may begin traces and end none. */
const MAX_OPEN_WORKFLOWS = 1_000;

/** What a run may begin with. */
const RUN_SPANS: ReadonlySet<string | undefined> = new Set(['agent', 'task']);

/** Told of everything that `@openai/agents` does, at once and in order. */
export interface AgentsListener {
  /** Called before a trace is made. */
  prepare(): void;
  started(node: AgentsNode): void;
  ended(node: AgentsNode): void;
}

/** What the library's traces and spans are told. */
const HEARD = ['start', 'end', 'setError', 'clone'] as const;
type Heard = (typeof HEARD)[number];

/**
 * Hears the traces and spans of `@openai/agents`, whether or not the library records them. It asks for its trace provider
 * and its storage under global symbols at every use, so that both are found without importing it, in every copy and build.
 */
export class AgentsSource implements TraceRuns {
  readonly #provider: object;
  readonly #listener: AgentsListener;
  readonly #nodes = new WeakMap<object, AgentsNode>();
  /** The copies of traces that nothing has run with yet: the library makes one for each run and span. */
  readonly #copies = new WeakSet<object>();
  /** By prototype, the methods that are patched. */
  readonly #patched = new WeakMap<object, Set<string>>();
  readonly #open = new WeakMap<AgentsNode, Set<AgentsNode>>();
  /** The traces that have not ended. */
  readonly #traces = new BoundedMap<AgentsNode, AgentsNode>(MAX_OPEN_WORKFLOWS);
  readonly #waiting: WaitingTraces = new WaitingTraces((trace) =>
    this.#endNow([trace, ...this.#traces.values().filter((each) => each.isWithin(trace))]),
  );
  readonly #restores: (() => unknown)[] = [];
  #storage: HeardStorage | undefined;
  #stopped = false;

  constructor(provider: object, listener: AgentsListener) {
    this.#provider = provider;
    this.#listener = listener;
    this.#findStorage();
    this.#wrap(provider, 'createTrace', (create, self, args) => {
      guard('preparing an agents trace', () => {
        listener.prepare();
        this.#keepStorage();
      });
      const made = create.apply(self, args);
      guard('observing an agents trace', () =>
        this.#made(made, 'trace', traceData(made, args[0]), this.#current()),
      );
      return made;
    });
    this.#wrap(provider, 'createSpan', (create, self, args) => {
      guard('preparing an agents span', () => this.#keepStorage());
      const made = create.apply(self, args);
      guard('observing an agents span', () => {
        const data = asObject(field(made, 'spanData')) ?? {};
        const node = this.#made(made, String(data.type), data, this.#nodeOf(args[1]) ?? this.#current());
        node.isPaused = field(args[0], 'startedAt') !== undefined;
      });
      return made;
    });
  }

  /** The library may be loading at this moment, and cannot make its storage until it has. */
  #findStorage(): void {
    if (isStorage(globalStorage())) this.#keepStorage();
    else queueMicrotask(() => guard('finding the storage of agents', () => this.#keepStorage()));
  }

  /** Restores everything. What is under way is not heard any further, and ends now. */
  stop(): void {
    this.#stopped = true;
    for (const restore of this.#restores.splice(0)) restore();
    this.#endNow(this.#traces.values());
    this.#waiting.stop();
    if (this.#storage !== undefined && globalStorage() === this.#storage) setStorage(this.#storage.original);
    this.#storage = undefined;
  }

  entering(store: unknown): Entered {
    const trace = field(store, 'trace');
    const node = isObject(trace) ? (this.#nodes.get(trace) ?? this.#adopt(trace)) : undefined;
    // A store that was copied, or that the program made of a trace, names a span, even if that is `undefined`.
    const begins = node !== undefined && node.state !== 'open' && !Object.hasOwn(Object(store), 'span');
    const isCopy = isObject(trace) && this.#copies.delete(trace);
    const around = this.#nodeIn(store);
    const traces = begins ? [node] : isCopy ? (around?.waitingTraces ?? []) : [];
    const base = activeContext();
    const within = new AgentsContext(base, () => this.#nodeIn(store) ?? this.#current());
    const watch = (result: Promise<unknown>): Promise<unknown> => {
      // A span of the program has begun at once. Only runs are waited for, those inside of it, too.
      const first = this.#nodeIn(store);
      if (!begins && first !== around && !RUN_SPANS.has(first?.type)) return result;
      return follow(traces, result, begins, (each) => this.#end(each));
    };
    return { within, watch: traces.length > 0 ? watch : undefined };
  }

  /** A trace that was not made by the provider: a runner with tracing disabled has one of its own. */
  #adopt(trace: object): AgentsNode {
    this.#listener.prepare();
    const node = this.#made(trace, 'trace', traceData(trace, undefined), this.#current());
    node.hidesTools = node.data.traceId === NO_TRACE_ID;
    return node;
  }

  #made(made: unknown, type: string, data: PayloadObject, parent: AgentsNode | undefined): AgentsNode {
    const node = new AgentsNode(type, data, parent);
    if (isObject(made)) {
      if (type === 'trace')
        node.addMetadata = (added) => {
          // The program's own object stays as it is: several traces may share it.
          if (Object.hasOwn(made, 'metadata'))
            Object.assign(made, { metadata: { ...asObject(field(made, 'metadata')), ...added } });
        };
      this.#nodes.set(made, node);
      for (const name of HEARD) this.#hear(made, name);
    }
    return node;
  }

  /** Patches the method where it is defined, for all objects of the class. */
  #hear(made: object, name: Heard): void {
    let holder: object | null = Object.getPrototypeOf(made);
    while (holder !== null && !Object.hasOwn(holder, name)) holder = Object.getPrototypeOf(holder);
    if (holder === null || this.#patched.get(holder)?.has(name) === true) return;
    this.#patched.set(holder, (this.#patched.get(holder) ?? new Set()).add(name));
    const heard = this.#reactions[name];
    this.#wrap(holder, name, (method, self, args) => {
      const node = this.#nodeOf(self);
      if (node !== undefined && name !== 'clone') guard('updating an agents span', heard, node, args[0]);
      const result = method.apply(self, args);
      if (node !== undefined && name === 'clone' && isObject(result)) {
        this.#nodes.set(result, node);
        if (node.type === 'trace') this.#copies.add(result);
      }
      return result;
    });
  }

  readonly #reactions: Readonly<Record<Heard, (node: AgentsNode, given: unknown) => void>> = {
    start: (node) => this.#start(node),
    end: (node) => this.#end(node),
    setError: (node, error) => {
      // The second error of a tool does not name the class: a span that is not recorded forgets that it has the first.
      if (node.type !== 'function' || node.error === undefined) node.error = error;
    },
    clone: () => undefined,
  };

  #start(node: AgentsNode): void {
    // A trace that is resumed starts again.
    if (node.state === 'open') return;
    this.#waiting.renew(node);
    const { agent } = node;
    if (agent?.isPaused && agent !== node) this.#start(agent);
    node.isPaused = false;
    node.error = undefined;
    node.thrown = undefined;
    node.isEnding = false;
    node.forget();
    this.#listener.started(node);
    node.state = 'open';
    if (node.type === 'trace') this.#traces.set(node, node);
    else this.#openIn(node.trace).add(node);
  }

  #end(node: AgentsNode): void {
    if (node.state !== 'open') return;
    // Only its result tells whether a run has failed, and a stream may leave the function of its trace.
    node.isEnding = true;
    this.#waiting.renew(node);
    if (node.running.size > 0) {
      this.#waiting.add(node);
      return;
    }
    if (node.stream !== undefined) node.thrown ??= field(node.stream, 'error') ?? undefined;
    node.stream = undefined;
    // Some versions leave an agent open that waits for an approval.
    if (node.type === 'trace') {
      for (const inside of [...this.#openIn(node)].reverse()) this.#pause(inside);
      this.#traces.delete(node);
      this.#waiting.delete(node);
    } else this.#openIn(node.trace).delete(node);
    node.state = 'ended';
    this.#listener.ended(node);
  }

  /** Ends traces, the outer ones of which come first, whatever still runs. */
  #endNow(traces: readonly AgentsNode[]): void {
    for (const trace of [...traces].reverse()) {
      trace.running.clear();
      guard('ending an agents trace', () => this.#end(trace));
    }
  }

  #pause(node: AgentsNode): void {
    this.#end(node);
    node.isPaused = true;
  }

  /** The spans of a trace that have not ended, oldest first. */
  #openIn(trace: AgentsNode): Set<AgentsNode> {
    let open = this.#open.get(trace);
    if (open === undefined) {
      open = new Set();
      this.#open.set(trace, open);
    }
    return open;
  }

  #nodeOf(object: unknown): AgentsNode | undefined {
    return isObject(object) ? this.#nodes.get(object) : undefined;
  }

  /** The innermost node in the library's store. */
  #nodeIn(store: unknown): AgentsNode | undefined {
    if (field(store, 'active') !== true) return undefined;
    return this.#nodeOf(field(store, 'span')) ?? this.#nodeOf(field(store, 'trace'));
  }

  #current(): AgentsNode | undefined {
    return this.#nodeIn(this.#storage?.getStore());
  }

  /** Wraps the storage again if the program has set another. */
  #keepStorage(): void {
    if (this.#stopped) return;
    const found = globalStorage() ?? this.#makeStorage();
    if (found === this.#storage || !isStorage(found)) return;
    this.#storage = new HeardStorage(found, this);
    setStorage(this.#storage);
  }

  /** The library makes its storage when it first looks for the current trace. */
  #makeStorage(): unknown {
    const { getCurrentTrace } = this.#provider as { getCurrentTrace?: () => unknown };
    getCurrentTrace?.call(this.#provider);
    return globalStorage();
  }

  #wrap(
    holder: object,
    name: string,
    wrapper: (method: Run, self: unknown, args: unknown[]) => unknown,
  ): void {
    const method: unknown = (holder as Record<string, unknown>)[name];
    if (typeof method !== 'function') return;
    const wrapped = {
      [name](this: unknown, ...args: unknown[]): unknown {
        return wrapper(method as Run, this, args);
      },
    }[name] as Run;
    copyFunctionProperties(method as Run, wrapped);
    this.#restores.push(patchMethod(holder, name, wrapped));
  }
}
