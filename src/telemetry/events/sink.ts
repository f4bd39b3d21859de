import type { EventSink, SinkEvent } from '../../config/sink-event-types.ts';
import { CircuitBreaker } from '../../util/circuit-breaker.ts';
import { logError, logOnce } from '../../util/guard.ts';
import { field } from '../../util/payload.ts';
import { platform } from '../../util/platform.ts';
import { TaskQueue } from '../../util/task-queue.ts';
import { runInsideHook } from '../program-hooks.ts';

/** How many events a sink may process at once. An `async` sink may hold a connection for each of them. */
const MAX_UNSETTLED_EVENTS = 100;
/** How many events may run or wait, so that no burst is lost. By default, an event has up to 64 KiB. */
const MAX_PENDING_EVENTS = 1_000;
/** An event that the sink has not settled after this time counts as failed. */
const SINK_TIMEOUT_MS = 10_000;
const FLUSH_SINKS_TIMEOUT_MS = 5_000;

interface UnsettledEvent {
  readonly since: number;
  readonly delivery: Delivery;
  /** Counts the event as failed, and frees its place for the next one. */
  expire(): void;
}

/** By the program's function. A program may create a client for each request; all of them share the delivery. */
const deliveries = new WeakMap<EventSink, Delivery>();
/** The unsettled events of all sinks, the oldest first. A sink that hangs may never get another event. */
const unsettled = new Set<UnsettledEvent>();

/**
 * Passes an event to the program's sink through a circuit breaker, which pauses a sink that keeps failing. The program
 * never waits for the sink and never sees its errors; the first one is logged.
 */
export function handToSink(sink: EventSink, event: SinkEvent): void {
  const delivery = deliveries.get(sink) ?? new Delivery(sink);
  deliveries.set(sink, delivery);
  expireUnsettled();
  delivery.hand(event);
}

/** Waits until the sinks have settled all events so far, five seconds at most. */
export async function sinksSettled(): Promise<void> {
  const busy = new Set([...unsettled].map(({ delivery }) => delivery));
  expireUnsettled();
  await Promise.all([...busy].map((delivery) => delivery.settled()));
}

/** Counts overdue events as failed. No timer is needed: only the next event or flush depends on this. */
function expireUnsettled(): void {
  for (const event of unsettled) {
    if (platform.performance.now() - event.since < SINK_TIMEOUT_MS) return;
    event.expire();
  }
}

class Delivery {
  readonly #sink: EventSink;
  readonly #breaker = new CircuitBreaker();
  readonly #queue = new TaskQueue({ maxConcurrent: MAX_UNSETTLED_EVENTS, maxPending: MAX_PENDING_EVENTS });
  /** How many events were dropped that no event has reported to the sink. Reports in events that failed do not count. */
  #dropped = 0;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  hand(event: SinkEvent): void {
    if (this.#queue.full) this.#dropped++;
    else if (this.#queue.running >= MAX_UNSETTLED_EVENTS)
      void this.#queue.add(async () => this.#deliver(event));
    else {
      const settling = this.#deliver(event);
      if (settling !== undefined) void this.#queue.add(() => settling);
    }
  }

  settled(): Promise<void> {
    return this.#queue.settled(FLUSH_SINKS_TIMEOUT_MS);
  }

  /** @returns a promise that resolves once the event has settled or failed; `undefined` if it already has */
  #deliver(event: SinkEvent): Promise<void> | undefined {
    if (!this.#breaker.admit()) {
      this.#dropped++;
      return undefined;
    }
    const sink = this.#sink;
    const dropped = this.#dropped;
    this.#dropped = 0;
    try {
      const returned = runInsideHook(() => sink(dropped > 0 ? { ...event, dropped } : event));
      if (typeof field(returned, 'then') === 'function') return this.#settle(returned, dropped);
      this.#breaker.succeeded();
    } catch (error) {
      this.#refused(error, dropped);
    }
    return undefined;
  }

  #settle(returned: unknown, dropped: number): Promise<void> {
    return new Promise((resolve) => {
      const expire = (): void => {
        unsettled.delete(event);
        this.#countFailure(dropped);
        logOnce(
          'a sink that hangs',
          'the event sink did not settle within 10 seconds; the event counts as failed',
        );
        resolve();
      };
      const event: UnsettledEvent = { since: platform.performance.now(), delivery: this, expire };
      unsettled.add(event);
      void (async () => {
        try {
          await returned;
          // A late success counts too: the sink is slow, not down.
          this.#breaker.succeeded();
        } catch (error) {
          if (unsettled.has(event)) this.#refused(error, dropped);
        }
        unsettled.delete(event);
        resolve();
      })();
    });
  }

  #refused(error: unknown, dropped: number): void {
    this.#countFailure(dropped);
    logError('the sink of events', error);
  }

  /** @param dropped how many dropped events the failed event reported. A later event reports them again */
  #countFailure(dropped: number): void {
    this.#breaker.failed();
    this.#dropped += dropped;
  }
}
