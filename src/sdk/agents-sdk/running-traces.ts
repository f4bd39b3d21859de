import { BoundedMap } from '../../util/bounded-map.ts';
import { guard } from '../../util/guard.ts';
import { isProxy } from '../../util/own-data.ts';
import { field } from '../../util/payload.ts';
import { SweepTimer } from '../../util/sweep-timer.ts';
import type { AgentsNode } from './node.ts';

/**
 * Follows the function of a trace, or a run inside. The library ends the trace of a stream later, and none whose function
 * throws. Once the function has returned, nothing but its result says that a run has failed.
 *
 * @param traces those that it is the function of, or that wait for it
 * @param end ends a trace that the library has ended, unless that waits for others
 * @returns the promise that replaces the one given
 */
export function follow(
  traces: readonly AgentsNode[],
  result: Promise<unknown>,
  isComplete: boolean,
  end: (trace: AgentsNode) => void,
): Promise<unknown> {
  for (const trace of traces) {
    trace.running.add(result);
    if (isComplete) trace.isFollowed = true;
  }
  const settle = (tell: (trace: AgentsNode) => void): void => {
    for (const trace of traces) {
      trace.running.delete(result);
      tell(trace);
      if (trace.isEnding) guard('ending an agents trace', end, trace);
    }
  };
  const returned = (value: unknown): void => {
    const stream = isRunStream(value) ? value : undefined;
    const settleStream = (): void =>
      settle((trace) => {
        if (isComplete) trace.stream = stream;
        else if (trace.isEnding) trace.thrown ??= field(stream, 'error') ?? undefined;
      });
    const loop =
      isComplete || stream === undefined
        ? undefined
        : guard('observing an agents stream', streamLoopOf, stream);
    if (loop === undefined) settleStream();
    else loop.then(settleStream, settleStream);
  };
  return result.then(
    (value) => {
      guard('observing an agents run', returned, value);
      return value;
    },
    (error: unknown) => {
      settle((trace) => {
        // A program may throw `undefined`, too.
        if (isComplete) {
          trace.thrown = error ?? null;
          trace.running.clear();
          trace.isEnding = true;
        } else if (trace.isEnding) trace.thrown ??= error;
      });
      throw error;
    },
  );
}

/** Whether this is the stream of a run. Reading of a proxy may call something remote. */
function isRunStream(value: unknown): boolean {
  return !isProxy(value) && typeof field(value, '_getStreamLoopPromise') === 'function';
}

/** Ends when the run has ended whose stream this is. */
function streamLoopOf(stream: unknown): Promise<unknown> | undefined {
  const loop: unknown = (stream as { _getStreamLoopPromise(): unknown })._getStreamLoopPromise();
  return loop instanceof Promise ? loop : undefined;
}

const MAX_WAITING = 1_000;
/** How long a trace waits while nothing inside begins or ends. */
const MAX_WAIT_MS = 10 * 60_000;
const WAITING_SWEEP_MS = 60_000;

/** The traces that have ended but for runs inside. A run may never end, such as one that lost a race against a timeout. */
export class WaitingTraces {
  readonly #traces: BoundedMap<AgentsNode, AgentsNode>;
  readonly #timer: SweepTimer;
  /** Ends all of them. */
  readonly stop: () => void;

  /** @param end ends a trace that waits no longer, with everything inside */
  constructor(end: (trace: AgentsNode) => void) {
    this.#traces = new BoundedMap(MAX_WAITING, end, MAX_WAIT_MS);
    this.stop = () => {
      this.#timer.stop();
      for (const trace of this.#traces.values().reverse()) end(trace);
    };
    this.#timer = new SweepTimer(() => {
      this.#traces.expire();
      if (this.#traces.size === 0) this.#timer.stop();
    }, this.stop);
  }

  add(trace: AgentsNode): void {
    this.#traces.set(trace, trace);
    if (!this.#timer.isAwake) this.#timer.wake(WAITING_SWEEP_MS);
  }

  delete(trace: AgentsNode): void {
    this.#traces.delete(trace);
  }

  /** Has the traces around a node that begins or ends wait anew. */
  renew(node: AgentsNode): void {
    if (this.#traces.size === 0) return;
    for (let trace: AgentsNode | undefined = node.trace; trace !== undefined; trace = trace.parent?.trace)
      this.#traces.get(trace);
  }
}
