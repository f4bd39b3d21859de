import type { EventSink, SinkEvent } from '../../config/sink-event-types.ts';
import { CircuitBreaker } from '../../util/circuit-breaker.ts';
import { logError } from '../../util/guard.ts';
import { field } from '../../util/payload.ts';
import { runInsideHook } from '../hook-context.ts';

/**
 * Passes events to the program's sink through a circuit breaker, which pauses a sink that keeps failing. The program
 * never waits for the sink and never sees its errors; the first one is logged.
 */
export class Sink {
  #breaker = new CircuitBreaker();
  #sink: EventSink | undefined;
  /** The number of dropped events that was reported to the sink. */
  #reportedDropped = 0;

  hand(sink: EventSink, event: SinkEvent): void {
    if (sink !== this.#sink) {
      this.#sink = sink;
      this.#breaker = new CircuitBreaker();
      this.#reportedDropped = 0;
    }
    const breaker = this.#breaker;
    if (!breaker.admit()) return;
    const dropped = breaker.dropped - this.#reportedDropped;
    this.#reportedDropped = breaker.dropped;
    try {
      const returned = runInsideHook(() => sink(dropped > 0 ? { ...event, dropped } : event));
      if (typeof field(returned, 'then') === 'function') void settle(breaker, returned);
      else breaker.succeeded();
    } catch (error) {
      refused(breaker, error);
    }
  }
}

async function settle(breaker: CircuitBreaker, returned: unknown): Promise<void> {
  try {
    await returned;
    breaker.succeeded();
  } catch (error) {
    refused(breaker, error);
  }
}

function refused(breaker: CircuitBreaker, error: unknown): void {
  breaker.failed();
  logError('the sink of events', error);
}
