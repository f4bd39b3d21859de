import type { EventSink, SinkEvent } from '../../config/sink-event-types.ts';
import { CircuitBreaker } from '../../util/circuit-breaker.ts';
import { monotonic } from '../../util/clock.ts';
import { logError, warnOnce } from '../../util/guard.ts';
import { field } from '../../util/payload.ts';
import { TaskQueue } from '../../util/task-queue.ts';
import { runInsideHook } from '../program-hooks.ts';

/** How many events a sink may process at once. An `async` sink may hold a connection for each of them. */
const MAX_UNSETTLED_EVENTS = 100;
/** How many events may run or wait, so that no burst is lost. By default, an event has up to 64 KiB. */
const MAX_PENDING_EVENTS = 1_000;
/** An event that the sink has not settled after this time counts as failed. */
const SINK_TIMEOUT_MS = 10_000;
const FLUSH_SINKS_TIMEOUT_MS = 5_000;

interface Delivery {
  readonly breaker: CircuitBreaker;
  readonly queue: TaskQueue;
  /** How many events were dropped that no event has reported to the sink. Reports in events that failed do not count. */
  dropped: number;
}

interface UnsettledEvent {
  readonly since: number;
  /** Counts the event as failed, and frees its place for the next one. */
  expire(): void;
}

/** The unsettled events of all sinks, oldest first. A program may create a client, and so a sink, for each request. */
const unsettled = new Set<UnsettledEvent>();
const busyQueues = new Set<TaskQueue>();

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
    const { queue } = delivery;
    expireUnsettled();
    if (queue.full) delivery.dropped++;
    else if (queue.running >= MAX_UNSETTLED_EVENTS)
      void runQueued(queue, async () => deliver(delivery, sink, event));
    else {
      const settling = deliver(delivery, sink, event);
      if (settling !== undefined) void runQueued(queue, () => settling);
    }
  }
}

async function runQueued(queue: TaskQueue, task: () => Promise<void>): Promise<void> {
  busyQueues.add(queue);
  await queue.add(task);
  if (queue.running === 0) busyQueues.delete(queue);
}

/** Waits until the sinks have settled all events so far, five seconds at most. */
export async function sinksSettled(): Promise<void> {
  expireUnsettled();
  await Promise.all([...busyQueues].map((queue) => queue.settled(FLUSH_SINKS_TIMEOUT_MS)));
}

function newDelivery(): Delivery {
  return {
    breaker: new CircuitBreaker(),
    queue: new TaskQueue({ maxConcurrent: MAX_UNSETTLED_EVENTS, maxPending: MAX_PENDING_EVENTS }),
    dropped: 0,
  };
}

/** Counts overdue events as failed. No timer is needed: only the next event or flush depends on this. */
function expireUnsettled(): void {
  for (const event of unsettled) {
    if (monotonic() - event.since < SINK_TIMEOUT_MS) return;
    event.expire();
  }
}

/** @returns a promise that resolves once the event has settled or failed; `undefined` if it already has */
function deliver(delivery: Delivery, sink: EventSink, event: SinkEvent): Promise<void> | undefined {
  const { breaker } = delivery;
  if (!breaker.admit()) {
    delivery.dropped++;
    return undefined;
  }
  const { dropped } = delivery;
  delivery.dropped = 0;
  try {
    const returned = runInsideHook(() => sink(dropped > 0 ? { ...event, dropped } : event));
    if (typeof field(returned, 'then') === 'function') return settle(delivery, returned, dropped);
    breaker.succeeded();
  } catch (error) {
    refused(delivery, error, dropped);
  }
  return undefined;
}

function settle(delivery: Delivery, returned: unknown, dropped: number): Promise<void> {
  return new Promise((resolve) => {
    const event: UnsettledEvent = {
      since: monotonic(),
      expire() {
        unsettled.delete(event);
        countFailure(delivery, dropped);
        warnOnce(
          'a sink that hangs',
          'the event sink did not settle within 10 seconds; the event counts as failed',
        );
        resolve();
      },
    };
    unsettled.add(event);
    void (async () => {
      try {
        await returned;
        // A late success counts too: the sink is slow, not down.
        delivery.breaker.succeeded();
      } catch (error) {
        if (unsettled.has(event)) refused(delivery, error, dropped);
      }
      unsettled.delete(event);
      resolve();
    })();
  });
}

function refused(delivery: Delivery, error: unknown, dropped: number): void {
  countFailure(delivery, dropped);
  logError('the sink of events', error);
}

/** @param dropped how many dropped events the failed event reported. A later event reports them again */
function countFailure(delivery: Delivery, dropped: number): void {
  delivery.breaker.failed();
  delivery.dropped += dropped;
}
