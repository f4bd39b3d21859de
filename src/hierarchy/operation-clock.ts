import { monotonic, now } from '../util/clock.ts';
import { readHeader } from '../util/payload.ts';

/** The time within the bounds; the upper one wins where they cross. */
export function clamp(time: number, from: number, to: number): number {
  return Math.min(Math.max(time, from), to);
}

/** Milliseconds since the epoch: no date is later. */
const LATEST = 8.64e15;

/** Converts the API's whole seconds to milliseconds. A value beyond the range of `Date` counts as missing. */
export function asTime(seconds: unknown): number | undefined {
  return typeof seconds === 'number' && seconds >= 0 && seconds * 1e3 <= LATEST ? seconds * 1e3 : undefined;
}

/** What the server's clock said when it sent a response, in milliseconds. */
export function dateOf(headers: unknown): number | undefined {
  const date = Date.parse(readHeader(headers, 'date') ?? '');
  return Number.isNaN(date) ? undefined : date;
}

/**
 * The clock of something that lasts longer than a call. It goes by the monotonic clock from when it began, so that nothing
 * is moved when the wall clock is set. The server's times, which may be hours off and count whole seconds, are shifted by
 * what its answers tell.
 */
export class OperationClock {
  /** What it adds to the monotonic clock. */
  readonly own: number;
  #offset: number | undefined;

  /** @param own that of the call that began the operation */
  constructor(own: number = now() - monotonic()) {
    this.own = own;
  }

  now(): number {
    return this.own + monotonic();
  }

  /** @param told what the clock of the call adds to the monotonic one that has told the time; by default the same */
  from(time: number, told: number = this.own): number {
    return told === this.own ? time : time + (this.own - told);
  }

  /** @param serverTime when the server says something happened that came to light at `localTime` */
  learn(serverTime: number | undefined, localTime: number): void {
    if (serverTime !== undefined) this.#offset ??= localTime - serverTime;
  }

  /** @param headers of a response that came at `localTime`: its date is what the server's clock says */
  static ofResponse(headers: unknown, localTime: number, own: number | undefined): OperationClock {
    const clock = new OperationClock(own);
    clock.learn(dateOf(headers) ?? localTime, localTime);
    return clock;
  }

  /** A time of the server's in local time; `fallback` where the server has not said, or its clock was never compared. */
  local<Fallback extends number | undefined>(
    serverTime: number | undefined,
    fallback: Fallback,
  ): number | Fallback {
    return serverTime === undefined || this.#offset === undefined ? fallback : serverTime + this.#offset;
  }
}
