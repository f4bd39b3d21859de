/**
 * How much room each of several spans gets that would otherwise start at once, in milliseconds. Viewers sort by whole
 * microseconds, and report a span without a duration as a negative one.
 */
export const SPAN_ROOM_MS = 0.002;

/** In the middle of the next microsecond: a time of this size is rounded to a quarter of one. */
export function justAfter(time: number): number {
  return (Math.floor(time * 1e3) + 1.5) / 1e3;
}

/** Clocks of spans differ by less: each begins with a time cut to milliseconds. */
const MAX_LAG_MS = 1;

/**
 * Keeps the order of two spans.
 *
 * @param above when the span above began, which may go by a clock that is slightly ahead
 * @returns the time, or one just after `above` if it is not later than that
 */
export function inOrder(time: number, above: number | undefined): number {
  if (above === undefined || Math.floor(time * 1e3) > Math.floor(above * 1e3)) return time;
  return above - time < MAX_LAG_MS ? justAfter(above) : time;
}

/** Keeps the order of spans that would start at once. */
export class Starts {
  /** When the last span began, by the microsecond in which it was to begin. */
  readonly #begun = new Map<number, number>();
  /** When the latest began. */
  latest: number;

  constructor(first: number) {
    this.latest = first;
    this.#begun.set(Math.floor(first * 1e3), first);
  }

  /** @returns when a span begins that would begin at this time */
  next(time: number): number {
    const wanted = Math.floor(time * 1e3);
    const begun = this.#begun.get(wanted);
    const start = begun === undefined ? time : justAfter(begun);
    this.#begun.set(wanted, start);
    this.latest = Math.max(this.latest, start);
    return start;
  }
}
