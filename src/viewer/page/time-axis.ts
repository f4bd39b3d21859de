import { formatMilliseconds } from '../amounts.ts';
import { edgeOf } from '../trace-summary.ts';
import type { FinishedSpan, Time } from '../tree.ts';
import { millisecondsOf, type TimeRange } from './time-zoom.ts';

const TICKS = 3;
/** How far bars reach beyond what is shown, in per cent. Browsers limit lengths. */
const MAX_PLACE = 5e6;
/** The shortest time that can be shown. */
const MIN_ZOOM_MS = 1e-3;

/** The time that the timeline shows: that of all rows that were found, or a part that the reader has chosen. */
export class TimeAxis {
  #whole: TimeRange = { from: 0, to: 0 };
  #zoom: TimeRange | undefined;

  /** @param before the axis of the same trace with fewer spans */
  constructor(before?: TimeAxis) {
    this.#zoom = before === undefined ? undefined : before.#zoom;
  }

  get isZoomed(): boolean {
    return this.#zoom !== undefined;
  }

  get shown(): TimeRange {
    return this.#zoom ?? this.#whole;
  }

  scaleTo(spans: readonly FinishedSpan[]): void {
    const start = edgeOf(
      spans.map(({ startTime }) => startTime),
      -1,
    );
    const end = edgeOf(
      spans.map(({ endTime }) => endTime),
      1,
    );
    const from = millisecondsOf(start);
    this.#whole = { from, to: Math.max(millisecondsOf(end), from + MIN_ZOOM_MS) };
  }

  /** @returns whether the part is long enough to be shown */
  zoomTo(range: TimeRange | undefined): boolean {
    if (range !== undefined && !(range.to - range.from >= MIN_ZOOM_MS)) return false;
    this.#zoom = range;
    return true;
  }

  /** Shows a shorter or a longer part around the middle of what is shown, or of another range. */
  zoomBy(factor: number, around: TimeRange = this.shown): boolean {
    const { from, to } = this.shown;
    const length = (to - from) / factor;
    if (length >= this.#whole.to - this.#whole.from) return this.zoomTo(undefined);
    return this.zoomTo(this.#within((around.from + around.to) / 2 - length / 2, length));
  }

  /** Shows what is before or after, by a part of what is shown. */
  move(part: number): boolean {
    const { from, to } = this.shown;
    return this.isZoomed && this.zoomTo(this.#within(from + part * (to - from), to - from));
  }

  /** The place of a time, in per cent of what is shown. */
  placeOf(time: Time): number {
    const { from, to } = this.shown;
    return Math.min(Math.max(((millisecondsOf(time) - from) / (to - from)) * 100, -MAX_PLACE), MAX_PLACE);
  }

  ticks(): string[] {
    const { from, to } = this.shown;
    return Array.from({ length: TICKS }, (_, i) => {
      const milliseconds = from - this.#whole.from + ((to - from) * i) / (TICKS - 1);
      return milliseconds > 0 ? formatMilliseconds(milliseconds) : '0';
    });
  }

  #within(from: number, length: number): TimeRange {
    const start = Math.max(Math.min(from, this.#whole.to - length), this.#whole.from);
    return { from: start, to: start + length };
  }
}
