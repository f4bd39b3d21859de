import type { EventSink, SinkEvent } from '../../config/sink-event-types.ts';
import { CircuitBreaker } from '../../util/circuit-breaker.ts';
import { logError } from '../../util/guard.ts';
import { field } from '../../util/payload.ts';
import { runInsideHook } from '../hook-context.ts';

/** What is known of a sink. */
interface Delivery {
  readonly breaker: CircuitBreaker;
  /** The number of dropped events that the sink was told of, in events that it has not refused. */
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
    const dropped = breaker.dropped - delivery.reportedDropped;
    delivery.reportedDropped = breaker.dropped;
    try {
      const returned = runInsideHook(() => sink(dropped > 0 ? { ...event, dropped } : event));
      if (typeof field(returned, 'then') === 'function') void settle(delivery, returned, dropped);
      else breaker.succeeded();
    } catch (error) {
      refused(delivery, error, dropped);
    }
  }
}

function newDelivery(): Delivery {
  return { breaker: new CircuitBreaker(), reportedDropped: 0 };
}

async function settle(delivery: Delivery, returned: unknown, dropped: number): Promise<void> {
  try {
    await returned;
    delivery.breaker.succeeded();
  } catch (error) {
    refused(delivery, error, dropped);
  }
}

/** @param dropped how many dropped events the refused event told of: a later one tells of them again */
function refused(delivery: Delivery, error: unknown, dropped: number): void {
  delivery.breaker.failed();
  delivery.reportedDropped -= dropped;
  logError('the sink of events', error);
}
