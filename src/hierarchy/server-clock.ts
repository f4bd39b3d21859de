import { readHeader } from '../util/headers.ts';

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
 * The server's clock, which may be hours off and counts whole seconds: shifted by what the creation of
 * something, seen in its response, tells.
 */
export class ServerClock {
  #offset: number | undefined;

  /** @param serverTime when the server says something happened that came to light at `localTime` */
  learn(serverTime: number | undefined, localTime: number): void {
    if (serverTime !== undefined) this.#offset ??= localTime - serverTime;
  }

  /** @param serverTime what the server's clock says at `localTime` */
  static reading(serverTime: number, localTime: number): ServerClock {
    const clock = new ServerClock();
    clock.learn(serverTime, localTime);
    return clock;
  }

  /** @param headers of a response that came at `localTime`: its date is what the server's clock says */
  static ofResponse(headers: unknown, localTime: number): ServerClock {
    return ServerClock.reading(dateOf(headers) ?? localTime, localTime);
  }

  /** A time of the server's in local time; `fallback` where the server has not said. */
  local(serverTime: number | undefined, fallback: number): number {
    return serverTime === undefined || this.#offset === undefined ? fallback : serverTime + this.#offset;
  }
}
