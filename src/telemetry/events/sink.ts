import type { EventSink, SinkEvent } from '../../config/sink-event-types.ts';
import { CircuitBreaker } from '../../util/circuit-breaker.ts';
import { logError } from '../../util/guard.ts';
import { field } from '../../util/payload.ts';
import { runInsideHook } from '../hook-context.ts';

/** What is known of a sink. */
interface Delivery {
  readonly breaker: CircuitBreaker;
  /** The number of dropped events that the sink was told of, in events that it accepted. */
  reportedDropped: number;
}

/**
 * Passes events to the program's sink through a circuit breaker, which pauses a sink that keeps failing. The program
 * never waits for the sink and never sees its errors; the first one is logged.
 */
export class Sink {
  #delivery: Delivery = newDelivery();
  #sink: EventSink | undefined;

  hand(sink: EventSink, event: SinkEvent): void {
    if (sink !== this.#sink) {
      this.#sink = sink;
      this.#delivery = newDelivery();
    }
    const delivery = this.#delivery;
    const { breaker } = delivery;
    if (!breaker.admit()) return;
    const told = breaker.dropped;
    const dropped = told - delivery.reportedDropped;
    try {
      const returned = runInsideHook(() => sink(dropped > 0 ? { ...event, dropped } : event));
      if (typeof field(returned, 'then') === 'function') void settle(delivery, returned, told);
      else accepted(delivery, told);
    } catch (error) {
      refused(delivery, error);
    }
  }
}

function newDelivery(): Delivery {
  return { breaker: new CircuitBreaker(), reportedDropped: 0 };
}

async function settle(delivery: Delivery, returned: unknown, told: number): Promise<void> {
  try {
    await returned;
    accepted(delivery, told);
  } catch (error) {
    refused(delivery, error);
  }
}

function accepted(delivery: Delivery, told: number): void {
  delivery.breaker.succeeded();
  // An event from before the pause may be accepted after it.
  delivery.reportedDropped = Math.max(delivery.reportedDropped, told);
}

function refused({ breaker }: Delivery, error: unknown): void {
  breaker.failed();
  logError('the sink of events', error);
}
