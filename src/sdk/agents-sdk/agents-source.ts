import { BoundedMap } from '../../util/bounded-map.ts';
import { activeContext, runIn } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { asObject, field, type PayloadObject } from '../../util/payload.ts';
import { SweepTimer } from '../../util/sweep-timer.ts';
import { Patches } from '../patches.ts';
import { holderOf, isObject } from '../reflect.ts';
import { globalStorage, isStorage, type Run, type TraceStorage } from './library.ts';
import { AgentsContext, AgentsNode, traceData } from './node.ts';
import { follow } from './running-traces.ts';

/** The id that `@openai/agents` gives to every trace that it does not record. */
export const NO_TRACE_ID: string = 'no-op';

/** How many open traces are remembered, to end them when we stop. A program may never end a trace. */
const MAX_OPEN_WORKFLOWS = 1_000;
/** How long a trace waits for its runs while nothing inside it begins or ends. A run may never end. */
const MAX_WAIT_MS = 10 * 60_000;
const WAITING_SWEEP_MS = 60_000;

/** The types that the first span of a run may have. */
const RUN_SPANS: readonly (string | undefined)[] = ['agent', 'task'];

/** The methods are called synchronously and in order. */
export interface AgentsListener {
  /** Called before a trace is observed, as `CallObserver.prepare` is before a call. */
  prepare(): void;
  started(node: AgentsNode): void;
  ended(node: AgentsNode): void;
}

interface Entered {
  readonly within: AgentsContext;
  /** Follows the promise that the function returns. Returns another one, which the program gets instead. */
  readonly watch: ((result: Promise<unknown>) => Promise<unknown>) | undefined;
}

/**
 * Observes traces and spans of `@openai/agents`, even those that it does not record. Its trace provider and
 * its storage have global symbols, so we find both without importing it, in every copy and build.
 */
export class AgentsSource {
  readonly #provider: object;
  readonly #listener: AgentsListener;
  readonly #nodes = new WeakMap<object, AgentsNode>();
  /** Copies of traces with which no function has run yet. Each run and span of the library makes one. */
  readonly #copies = new WeakSet<object>();
  /** The traces that have not ended, and those that `@openai/agents` has ended but that wait for a run. */
  readonly #traces = new BoundedMap<AgentsNode, AgentsNode>(
    MAX_OPEN_WORKFLOWS,
    (trace) => {
      const isInside = (each: AgentsNode): boolean => each.isWithin(trace);
      if (trace.isEnding) this.#endNow([trace, ...this.#traces.values().filter(isInside)]);
    },
    MAX_WAIT_MS,
    ({ isEnding }) => !isEnding,
  );
  readonly #timer = new SweepTimer(
    () => {
      this.#traces.expire();
      if (this.#waiting.length === 0) this.#timer.stop();
    },
    () => this.#endNow(this.#waiting),
  );
  readonly #patches = new Patches();
  /** The storage of the current trace, which is patched so that OpenTelemetry's context changes with it. */
  #storage: TraceStorage | undefined;
  readonly #storagePatches = new Patches();
  #stopped = false;

  constructor(provider: object, listener: AgentsListener) {
    this.#provider = provider;
    this.#listener = listener;
    // While `@openai/agents` is loading, it cannot make its storage.
    if (isStorage(globalStorage())) this.#keepStorage();
    else queueMicrotask(() => guard('finding the storage of agents', () => this.#keepStorage()));
    this.#watchMaking('createTrace', (made, args) => {
      this.#made(made, 'trace', traceData(made, args[0]), this.#current());
    });
    this.#watchMaking('createSpan', (made, args) => {
      const data = asObject(field(made, 'spanData')) ?? {};
      const node = this.#made(made, String(data.type), data, this.#nodeOf(args[1]) ?? this.#current());
      node.isPaused = field(args[0], 'startedAt') !== undefined;
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#patches.restore();
    this.#storagePatches.restore();
    this.#timer.stop();
    this.#endNow(this.#traces.values());
    this.#storage = undefined;
  }

  #watchMaking(
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

  #enter(store: unknown): Entered {
    const trace = field(store, 'trace');
    const node = isObject(trace) ? (this.#nodes.get(trace) ?? this.#adopt(trace)) : undefined;
    // Only a trace that begins has a store without `span`. A copied store has the property, even if it is `undefined`.
    const begins = node !== undefined && node.state !== 'open' && !Object.hasOwn(Object(store), 'span');
    const isCopy = isObject(trace) && this.#copies.delete(trace);
    const around = this.#nodeIn(store);
    const traces = begins ? [node] : isCopy ? (around?.waitingTraces ?? []) : [];
    const within = new AgentsContext(activeContext(), () => this.#nodeIn(store) ?? this.#current());
    const watch = (result: Promise<unknown>): Promise<unknown> => {
      // If the function first began a span of the program, only the runs inside that span are waited for.
      const first = this.#nodeIn(store);
      if (!begins && first !== around && !RUN_SPANS.includes(first?.type)) return result;
      return follow(traces, result, begins, (each) => this.#end(each));
    };
    return { within, watch: traces.length > 0 ? watch : undefined };
  }

  /** A runner with tracing disabled has its own trace, which the provider did not make. */
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
        // The program's metadata object is not changed, because several traces may share it.
        if (Object.hasOwn(made, 'metadata'))
          Object.assign(made, { metadata: { ...asObject(field(made, 'metadata')), ...added } });
      };
    this.#nodes.set(made, node);
    this.#watch(made, 'start', (observed) => this.#start(observed));
    this.#watch(made, 'end', (observed) => this.#end(observed));
    this.#watch(made, 'setError', (observed, error) => {
      // On unrecorded tool spans, `@openai/agents` sets a second error without the class. We keep the first.
      if (observed.type !== 'function' || observed.error === undefined) observed.error = error;
    });
    this.#watch(made, 'clone', undefined, (observed, copy) => {
      if (!isObject(copy)) return;
      this.#nodes.set(copy, observed);
      if (observed.type === 'trace') this.#copies.add(copy);
    });
    return node;
  }

  /** Patches the method where it is defined, once for all objects of the class. */
  #watch(
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
    this.#renew(node);
    const { agent } = node;
    if (agent?.isPaused && agent !== node) this.#start(agent);
    node.isPaused = false;
    node.error = undefined;
    node.thrown = undefined;
    node.isEnding = false;
    node.recorded = undefined;
    this.#listener.started(node);
    node.state = 'open';
    if (node.type === 'trace') this.#traces.set(node, node);
    else node.trace.openSpans.set(node, node);
  }

  #end(node: AgentsNode): void {
    // This may end traces that have waited too long, and the node with them.
    this.#renew(node);
    if (node.state !== 'open') return;
    // The end waits for whatever still runs inside: only its result says whether a run has failed.
    node.isEnding = true;
    if (node.running.size > 0) {
      this.#traces.set(node, node);
      if (!this.#timer.isAwake) this.#timer.wake(WAITING_SWEEP_MS);
      return;
    }
    if (node.stream !== undefined) node.thrown ??= field(node.stream, 'error') ?? undefined;
    node.stream = undefined;
    if (node.type === 'trace') {
      // Some versions of `@openai/agents` do not end the span of an agent that waits for an approval.
      for (const inside of node.openSpans.values().reverse()) {
        this.#end(inside);
        inside.isPaused = true;
      }
      this.#traces.delete(node);
    } else node.trace.openSpans.delete(node);
    node.state = 'ended';
    this.#listener.ended(node);
  }

  get #waiting(): readonly AgentsNode[] {
    return this.#traces.values().filter(({ isEnding }) => isEnding);
  }

  /** Restarts the waiting time of the traces around a node that begins or ends. */
  #renew(node: AgentsNode): void {
    if (!this.#timer.isAwake) return;
    const around = [];
    for (let trace: AgentsNode | undefined = node.trace; trace !== undefined; trace = trace.parent?.trace)
      around.push(trace);
    // The outermost is renewed first, because `#endNow` ends the traces in the reverse order.
    for (const trace of around.reverse()) this.#traces.get(trace);
  }

  /**
   * Ends traces even if something in them still runs.
   *
   * @param traces outer ones before inner ones
   */
  #endNow(traces: readonly AgentsNode[]): void {
    for (const trace of [...traces].reverse()) {
      trace.running.clear();
      guard('ending an agents trace', () => this.#end(trace));
    }
  }

  #nodeOf(object: unknown): AgentsNode | undefined {
    return isObject(object) ? this.#nodes.get(object) : undefined;
  }

  #nodeIn(store: unknown): AgentsNode | undefined {
    if (field(store, 'active') !== true) return undefined;
    return this.#nodeOf(field(store, 'span')) ?? this.#nodeOf(field(store, 'trace'));
  }

  #current(): AgentsNode | undefined {
    return this.#nodeIn(this.#storage?.getStore());
  }

  /** The program may have replaced the storage. `getCurrentTrace` makes `@openai/agents` create it. */
  #keepStorage(): void {
    if (this.#stopped) return;
    if (globalStorage() === undefined) {
      const { getCurrentTrace } = this.#provider as { getCurrentTrace?: () => unknown };
      getCurrentTrace?.call(this.#provider);
    }
    const found = globalStorage();
    if (found === this.#storage || !isStorage(found)) return;
    this.#storage = found;
    this.#storagePatches.restore();
    this.#storagePatches.override(found, 'run', (inherited) => ({
      run: (...given) => this.#run(given, (...args) => inherited().apply(found, args)),
    }));
  }

  #run([store, run, ...args]: unknown[], enter: (...args: unknown[]) => unknown): unknown {
    const entered = this.#stopped ? undefined : guard('entering an agents trace', () => this.#enter(store));
    if (entered === undefined) return enter(store, run, ...args);
    const { within, watch } = entered;
    const result = enter(store, () => runIn(within, run as Run, undefined, args));
    if (watch === undefined || !(result instanceof Promise)) return result;
    // The program gets the promise of `watch` instead of its own: a second handler on its own promise would
    // hide an unhandled rejection, and stacks would end here.
    return guard('observing an agents run', watch, result) ?? result;
  }
}
