/**
 * How much room each of several spans gets that would otherwise start at once, in milliseconds. Viewers sort by whole
 * microseconds, and report a span without a duration as a negative one.
 */
export const SPAN_ROOM_MS = 0.002;

/** In the middle of the next microsecond: a time of this size is rounded to a quarter of one. */
export function justAfter(time: number): number {
  return (Math.floor(time * 1e3) + 1.5) / 1e3;
}

/** The time, or one just after the other time if both are in the same microsecond. */
export function inOrder(time: number, other: number | undefined): number {
  return other !== undefined && Math.floor(time * 1e3) === Math.floor(other * 1e3) ? justAfter(other) : time;
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
