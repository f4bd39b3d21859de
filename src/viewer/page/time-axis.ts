import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { formatMilliseconds } from '../amounts.ts';
import type { Time } from '../tree.ts';
import { opened, selected } from './state.ts';

/** A part of the time axis, in milliseconds since the epoch. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

const TICKS = 3;
/** How far bars reach beyond what is shown, in per cent. Browsers limit lengths. */
const MAX_PLACE = 5e6;
/** The shortest time that can be shown. */
const MIN_ZOOM_MS = 1e-3;

/** The part of the time that the reader has chosen, and the trace that it belongs to. */
const chosen = signal<(TimeRange & { readonly trace: string }) | undefined>(undefined);

const traceId = computed(() => opened.value?.trace.tree.traceId);

const zoom = computed(() => (chosen.value?.trace === traceId.value ? chosen.value : undefined));

/** The time of the whole trace, whatever the filter hides. */
export const wholeTime: ReadonlySignal<TimeRange> = computed(() => {
  const { start = [0, 0], end = [0, 0] } = opened.value?.trace.summary ?? {};
  const from = millisecondsOf(start as Time);
  return { from, to: Math.max(millisecondsOf(end as Time), from + MIN_ZOOM_MS) };
});

/** The time that the timeline shows: all of it, or a part that the reader has chosen. */
export const shownTime: ReadonlySignal<TimeRange> = computed(() => zoom.value ?? wholeTime.value);

export const isZoomed: ReadonlySignal<boolean> = computed(() => zoom.value !== undefined);

function millisecondsOf([seconds, nanoseconds]: Time): number {
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** Shows a part of the time, if it is long enough. */
export function zoomTo(range: TimeRange | undefined): void {
  if (range === undefined) chosen.value = undefined;
  else if (range.to - range.from >= MIN_ZOOM_MS) chosen.value = { ...range, trace: traceId.peek() ?? '' };
}

function selectedTime(): TimeRange | undefined {
  const span = selected.peek()?.node.span;
  return span && { from: millisecondsOf(span.startTime), to: millisecondsOf(span.endTime) };
}

/** Shows the time of the selected span alone, or all of the time again. */
export function toggleZoom(): void {
  zoomTo(isZoomed.peek() ? undefined : selectedTime());
}

/** Shows a shorter or a longer part: the first time around the selected span, then around the middle of what is shown. */
export function zoomBy(factor: number): void {
  const { from, to } = shownTime.peek();
  const length = (to - from) / factor;
  const { from: first, to: last } = wholeTime.peek();
  if (length >= last - first) {
    zoomTo(undefined);
    return;
  }
  const around = (factor > 1 && !isZoomed.peek() ? selectedTime() : undefined) ?? { from, to };
  zoomTo(rangeWithin((around.from + around.to) / 2 - length / 2, length));
}

/** Shows what is before or after, by a part of what is shown. */
export function moveTime(part: number): void {
  const { from, to } = shownTime.peek();
  if (isZoomed.peek()) zoomTo(rangeWithin(from + part * (to - from), to - from));
}

function rangeWithin(from: number, length: number): TimeRange {
  const start = Math.max(Math.min(from, wholeTime.peek().to - length), wholeTime.peek().from);
  return { from: start, to: start + length };
}

/** The place of a time, in per cent of what is shown. */
export function placeOnAxis(time: Time, { from, to }: TimeRange): number {
  return Math.min(Math.max(((millisecondsOf(time) - from) / (to - from)) * 100, -MAX_PLACE), MAX_PLACE);
}

export function ticks(): string[] {
  const { from, to } = shownTime.value;
  return Array.from({ length: TICKS }, (_, i) => {
    const milliseconds = from - wholeTime.value.from + ((to - from) * i) / (TICKS - 1);
    return milliseconds > 0 ? formatMilliseconds(milliseconds) : '0';
  });
}

/** The time at a place of what is shown, from 0 to 1, in milliseconds since the start of the trace. */
export function timeAt(place: number): number {
  const { from, to } = shownTime.value;
  return from - wholeTime.value.from + place * (to - from);
}
