import { BoundedMap } from '../../util/bounded-map.ts';
import { SweepTimer } from '../../util/sweep-timer.ts';
import type { AgentsNode } from './node.ts';

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
