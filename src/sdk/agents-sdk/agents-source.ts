import { BoundedMap } from '../../util/bounded-map.ts';
import { activeContext, runIn } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { isProxy } from '../../util/own-data.ts';
import { asObject, field, type PayloadObject } from '../../util/payload.ts';
import { Patches } from '../patches.ts';
import { holderOf, isObject } from '../reflect.ts';
import { globalStorage, isStorage, type Run, setStorage, type TraceStorage } from './library.ts';
import { AgentsContext, AgentsNode, traceData } from './node.ts';

/** The id of every trace that the library does not record. */
export const NO_TRACE_ID: string = 'no-op';

/** Traces to end when this package stops listening. A program may begin traces and end none. */
const MAX_OPEN_WORKFLOWS = 1_000;

/** Told of everything that `@openai/agents` does, at once and in order. */
export interface AgentsListener {
  /** Called before a trace is made. */
  prepare(): void;
  started(node: AgentsNode): void;
  ended(node: AgentsNode): void;
}

/** A trace, or a copy of the library's current trace and span, that something is about to run with. */
interface Entered {
  readonly within: AgentsContext;
  /** Follows what the function of a trace returns. The program gets the promise that this returns instead. */
  readonly follow: ((result: Promise<unknown>) => Promise<unknown>) | undefined;
}

/** The library's storage, with OpenTelemetry's context beside it. */
class HeardStorage implements TraceStorage {
  readonly original: TraceStorage;
  readonly #entering: (store: unknown) => Entered;

  constructor(original: TraceStorage, entering: (store: unknown) => Entered) {
    this.original = original;
    this.#entering = entering;
  }

  getStore(): unknown {
    return this.original.getStore();
  }

  enterWith(store: unknown): void {
    this.original.enterWith(store);
  }

  run(store: unknown, run: Run, ...args: unknown[]): unknown {
    const entered = guard('entering an agents trace', this.#entering, store);
    if (entered === undefined) return this.original.run(store, run, ...args);
    const { within, follow } = entered;
    const result = this.original.run(store, () => runIn(within, run, undefined, args));
    if (follow === undefined || !(result instanceof Promise)) return result;
    // Nothing else may be attached to a promise of the program: an unhandled rejection would not be reported,
    // and a stack would end here.
    return guard('observing an agents run', follow, result) ?? result;
  }
}

/**
 * Hears the traces and spans of `@openai/agents`, whether or not the library records them. It asks for its trace provider
 * and its storage under global symbols at every use, so that both are found without importing it, in every copy and build.
 */
export class AgentsSource {
  readonly #provider: object;
  readonly #listener: AgentsListener;
  readonly #nodes = new WeakMap<object, AgentsNode>();
  /** The traces that have not ended, or that something goes on in. */
  readonly #traces = new BoundedMap<AgentsNode, AgentsNode>(MAX_OPEN_WORKFLOWS);
  readonly #patches = new Patches();
  #storage: HeardStorage | undefined;
  #stopped = false;

  constructor(provider: object, listener: AgentsListener) {
    this.#provider = provider;
    this.#listener = listener;
    // The library may be loading at this moment, and cannot make its storage until it has.
    if (isStorage(globalStorage())) this.#keepStorage();
    else queueMicrotask(() => guard('finding the storage of agents', () => this.#keepStorage()));
    this.#hearMaking('createTrace', (made, args) => {
      this.#made(made, 'trace', traceData(made, args[0]), this.#current());
    });
    this.#hearMaking('createSpan', (made, args) => {
      const data = asObject(field(made, 'spanData')) ?? {};
      const node = this.#made(made, String(data.type), data, this.#nodeOf(args[1]) ?? this.#current());
      node.isPaused = field(args[0], 'startedAt') !== undefined;
    });
  }

  /** Restores everything. What is in progress is not heard any further, and ends now. */
  stop(): void {
    this.#stopped = true;
    this.#patches.restore();
    // The inner ones first.
    for (const trace of this.#traces.values().reverse())
      guard('ending an agents trace', () => {
        trace.isRunning = false;
        this.#endInside(trace);
        this.#end(trace);
      });
    if (this.#storage !== undefined && globalStorage() === this.#storage) setStorage(this.#storage.original);
    this.#storage = undefined;
  }

  #hearMaking(
    name: 'createTrace' | 'createSpan',
    made: (made: unknown, args: readonly unknown[]) => void,
  ): void {
    const prepare = (): void => {
      if (name === 'createTrace') this.#listener.prepare();
      this.#keepStorage();
    };
    this.#patches.override(this.#provider, name, (create) => ({
      [name](...args) {
        guard('preparing an agents span', prepare);
        const result = create().apply(this, args);
        guard('observing an agents span', made, result, args);
        return result;
      },
    }));
  }

  readonly #entering = (store: unknown): Entered => {
    const trace = field(store, 'trace');
    const node = isObject(trace) ? (this.#nodes.get(trace) ?? this.#adopt(trace)) : undefined;
    // A store that was copied, or that the program made of a trace, names a span, even if that is `undefined`.
    const begins = node !== undefined && node.state !== 'open' && !Object.hasOwn(Object(store), 'span');
    const within = new AgentsContext(activeContext(), () => this.#nodeIn(store) ?? this.#current());
    return { within, follow: begins ? (result) => this.#follow(node, result) : undefined };
  };

  /** The library ends no trace whose function throws. A stream that the function returns goes on, and tells of its error. */
  #follow(trace: AgentsNode, result: Promise<unknown>): Promise<unknown> {
    trace.isRunning = trace.isFollowed = true;
    const settle = (): void => {
      trace.isRunning = false;
      if (trace.isEnding) guard('ending an agents trace', () => this.#end(trace));
    };
    return result.then(
      (value) => {
        trace.stream = guard('observing an agents run', () => (isRunStream(value) ? value : undefined));
        settle();
        return value;
      },
      (error: unknown) => {
        // A program may throw `undefined`, too.
        trace.thrown = error ?? null;
        trace.isEnding = true;
        settle();
        throw error;
      },
    );
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
    if (!isObject(made)) return node;
    if (type === 'trace')
      node.addMetadata = (added) => {
        // The program's own object stays as it is: several traces may share it.
        if (Object.hasOwn(made, 'metadata'))
          Object.assign(made, { metadata: { ...asObject(field(made, 'metadata')), ...added } });
      };
    this.#nodes.set(made, node);
    this.#hear(made, 'start', (told) => this.#start(told));
    this.#hear(made, 'end', (told) => this.#end(told));
    this.#hear(made, 'setError', (told, error) => {
      // The second error of a tool does not name the class: a span that is not recorded forgets that it has the first.
      if (told.type !== 'function' || told.error === undefined) told.error = error;
    });
    this.#hear(made, 'clone', undefined, (told, copy) => {
      if (isObject(copy)) this.#nodes.set(copy, told);
    });
    return node;
  }

  /** Patches the method where it is defined, once for all objects of the class. */
  #hear(
    made: object,
    name: string,
    before: ((node: AgentsNode, given: unknown) => void) | undefined,
    after?: (node: AgentsNode, result: unknown) => void,
  ): void {
    const holder = holderOf(Object.getPrototypeOf(made), name);
    if (holder === undefined) return;
    const nodes = this.#nodes;
    this.#patches.wrap(holder, name, (original) => ({
      [name](...args) {
        const node = nodes.get(this);
        if (node !== undefined) guard('updating an agents span', () => before?.(node, args[0]));
        const result = original.apply(this, args);
        if (node !== undefined) guard('updating an agents span', () => after?.(node, result));
        return result;
      },
    }));
  }

  #start(node: AgentsNode): void {
    // A trace that is resumed starts again.
    if (node.state === 'open') return;
    const { agent, trace } = node;
    if (agent?.isPaused && agent !== node) this.#start(agent);
    node.isPaused = false;
    node.error = undefined;
    node.thrown = undefined;
    node.isEnding = false;
    node.recorded = undefined;
    this.#listener.started(node);
    node.state = 'open';
    this.#traces.set(trace, trace);
    if (node !== trace) trace.openSpans.add(node);
  }

  #end(node: AgentsNode): void {
    if (node.state !== 'open') return;
    // Only the result of its function says whether a trace has failed.
    node.isEnding = true;
    if (node.isRunning) return;
    if (node.stream !== undefined) node.thrown ??= field(node.stream, 'error') ?? undefined;
    node.stream = undefined;
    const { trace } = node;
    if (node === trace) this.#endInside(trace);
    trace.openSpans.delete(node);
    node.state = 'ended';
    if (trace.state !== 'open' && trace.openSpans.size === 0) this.#traces.delete(trace);
    this.#listener.ended(node);
  }

  /** Some versions leave an agent open that waits for an approval, and a run may outlast the trace that it began in. */
  #endInside(trace: AgentsNode): void {
    for (const inside of [...trace.openSpans].reverse()) {
      this.#end(inside);
      inside.isPaused = true;
    }
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

  /** Wraps the storage again if the program has set another. The library makes its own when it first looks for the current trace. */
  #keepStorage(): void {
    if (this.#stopped) return;
    if (globalStorage() === undefined) {
      const { getCurrentTrace } = this.#provider as { getCurrentTrace?: () => unknown };
      getCurrentTrace?.call(this.#provider);
    }
    const found = globalStorage();
    if (found === this.#storage || !isStorage(found)) return;
    this.#storage = new HeardStorage(found, this.#entering);
    setStorage(this.#storage);
  }
}

/** Whether this is the stream of a run. Reading of a proxy may call something remote. */
function isRunStream(value: unknown): boolean {
  return !isProxy(value) && typeof field(value, '_getStreamLoopPromise') === 'function';
}
