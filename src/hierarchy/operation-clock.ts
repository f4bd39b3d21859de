import type { ReadonlyCall } from '../sdk/call.ts';
import { now } from '../util/clock.ts';
import { readHeader } from '../util/payload.ts';
import { platform } from '../util/platform.ts';

/** Limits a time to the bounds. If `from` is later than `to`, `to` wins. */
export function clamp(time: number, from: number, to: number): number {
  return Math.min(Math.max(time, from), to);
}

const LATEST = 8.64e15;

/**
 * Converts the API's whole seconds to milliseconds. A value beyond the range of `Date` counts as missing, and so does 0,
 * which some servers report instead of `null`.
 */
export function asTime(seconds: unknown): number | undefined {
  return typeof seconds === 'number' && seconds > 0 && seconds * 1e3 <= LATEST ? seconds * 1e3 : undefined;
}

/** The server's time when it sent a response: the `Date` header, in milliseconds since the epoch. */
export function dateOf(headers: unknown): number | undefined {
  const date = Date.parse(readHeader(headers, 'date') ?? '');
  return Number.isNaN(date) ? undefined : date;
}

/**
 * The clock of an operation that lasts longer than a call. It follows the monotonic clock, so setting the
 * wall clock does not move its times. The server's clock may be hours off and counts whole seconds: server
 * times are shifted by the difference between the clocks, which is learned from the server's answers.
 */
export class OperationClock {
  /** The milliseconds that this clock adds to the monotonic clock to get the time since the epoch. */
  readonly own: number;
  #offset: number | undefined;

  constructor(own: number = now() - platform.performance.now()) {
    this.own = own;
  }

  now(): number {
    return this.own + platform.performance.now();
  }

  /** Converts a time of another clock, whose `own` value is `other`, to this clock. */
  from(time: number, other: number = this.own): number {
    return other === this.own ? time : time + (this.own - other);
  }

  /** Compares the two clocks by the time of one event. Only the first event counts. */
  learn(serverTime: number | undefined, localTime: number): void {
    if (serverTime !== undefined) this.#offset ??= localTime - serverTime;
  }

  /** Learns the server's time from the headers of a response, which arrive long before the end of a stream. */
  learnFrom({
    headers,
    headersTime,
    ownClock,
  }: Pick<ReadonlyCall, 'headers' | 'headersTime' | 'ownClock'>): this {
    const time = this.from(headersTime, ownClock);
    this.learn(dateOf(headers) ?? time, time);
    return this;
  }

  /** Returns `fallback` if there is no server time, or if {@link learn} has not been given one yet. */
  local<Fallback extends number | undefined>(
    serverTime: number | undefined,
    fallback: Fallback,
  ): number | Fallback {
    return serverTime === undefined || this.#offset === undefined ? fallback : serverTime + this.#offset;
  }
}
