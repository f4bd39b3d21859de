import { computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { formatMilliseconds } from '../format-amounts.ts';
import { millisecondsBetween, type Time, type ViewedSpan } from '../viewed-span.ts';
import { foundRows, isFiltered, openId, openTrace } from './state.ts';

/** A part of the time axis, in milliseconds since the start of the trace. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** The maximum distance of a bar's ends from the visible part, in percent: browsers limit lengths. */
const MAX_PLACE = 5e6;
const MIN_TIME_MS = 1e-3;

export const zoom: Signal<TimeRange | undefined> = signal();

effect(() => {
  openId.value;
  zoom.value = undefined;
});

/** The time of the whole trace, including spans that the filter hides. */
export const wholeTime: ReadonlySignal<TimeRange> = computed(() => {
  const { end } = openTrace.value?.summary ?? {};
  return { from: 0, to: Math.max(end === undefined ? 0 : timeSinceStart(end), MIN_TIME_MS) };
});

/** The time of the spans that the filter finds. */
const foundTime = computed(() => {
  const times = [...foundRows.value].map(({ span }) => spanTime(span));
  const from = times.reduce((first, time) => Math.min(first, time.from), wholeTime.value.to);
  return { from, to: times.reduce((last, time) => Math.max(last, time.to), from + MIN_TIME_MS) };
});

export const shownTime: ReadonlySignal<TimeRange> = computed(
  () => zoom.value ?? (isFiltered.value && foundRows.value.size > 0 ? foundTime.value : wholeTime.value),
);

function timeSinceStart(time: Time): number {
  return millisecondsBetween(openTrace.value?.summary.start ?? time, time);
}

export function spanTime({ start, end }: ViewedSpan): TimeRange {
  return { from: timeSinceStart(start), to: timeSinceStart(end) };
}

/** The place of the second time range within the first, as CSS. */
export function placeIn(
  { from: first, to: last }: TimeRange,
  { from, to }: TimeRange,
): { readonly left: string; readonly width: string } {
  const [left, right] = [from, to].map((time) =>
    Math.min(Math.max(((time - first) / (last - first)) * 100, -MAX_PLACE), MAX_PLACE),
  ) as [number, number];
  return { left: `${left}%`, width: `${Math.max(right - left, 0)}%` };
}

export function ticks(): string[] {
  const { from, to } = shownTime.value;
  return [from, (from + to) / 2, to].map((time) => (time > 0 ? formatMilliseconds(time) : '0'));
}
