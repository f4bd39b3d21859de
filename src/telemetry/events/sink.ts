import { recordsContentOnEvents, type Settings } from '../../config/config.ts';
import type { EventSink, SinkEvent } from '../../config/sink-event-types.ts';
import { CircuitBreaker } from '../../util/circuit-breaker.ts';
import { field } from '../../util/payload.ts';

/**
 * Hands events to the program's sink, through a circuit breaker: one that fails again and again is left alone
 * for a while. The program waits for none of it and is told of none of it.
 */
export class Sink {
  #breaker = new CircuitBreaker();
  #sink: EventSink | undefined;
  /** Events that were dropped when the last one was handed over. */
  #told = 0;

  hand(sink: EventSink, event: SinkEvent): void {
    if (sink !== this.#sink) {
      this.#sink = sink;
      this.#breaker = new CircuitBreaker();
      this.#told = 0;
    }
    const breaker = this.#breaker;
    if (!breaker.admit()) return;
    const dropped = breaker.dropped - this.#told;
    this.#told = breaker.dropped;
    try {
      const returned = sink(dropped > 0 ? { ...event, dropped } : event);
      if (typeof field(returned, 'then') === 'function') void settle(breaker, returned);
      else breaker.succeeded();
    } catch {
      breaker.failed();
    }
  }
}

async function settle(breaker: CircuitBreaker, returned: unknown): Promise<void> {
  try {
    await returned;
    breaker.succeeded();
  } catch {
    breaker.failed();
  }
}

/** Whether the program's sink is to get content: it asks for all, and events may have it. */
export function sinkTakesContent(settings: Settings): boolean {
  return settings.events?.preset === 'full' && recordsContentOnEvents(settings);
}
