import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { formatMilliseconds } from '../amounts.ts';
import { type FinishedSpan, millisecondsBetween, type Time } from '../tree.ts';
import { active, opened, rowsById, selected } from './state.ts';

/** A part of the time axis, in milliseconds since the start of the trace. */
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
  const { end } = opened.value?.trace.summary ?? {};
  return { from: 0, to: Math.max(end === undefined ? 0 : timeSinceStart(end), MIN_ZOOM_MS) };
});

/** The time that the timeline shows: all of it, or a part that the reader has chosen. */
export const shownTime: ReadonlySignal<TimeRange> = computed(() => zoom.value ?? wholeTime.value);

export const isZoomed: ReadonlySignal<boolean> = computed(() => zoom.value !== undefined);

function timeSinceStart(time: Time): number {
  return millisecondsBetween(opened.value?.trace.summary.start ?? time, time);
}

export function spanTime({ startTime, endTime }: FinishedSpan): TimeRange {
  return { from: timeSinceStart(startTime), to: timeSinceStart(endTime) };
}

/** Shows a part of the time, if it is long enough. */
export function zoomTo(range: TimeRange | undefined): void {
  if (range === undefined) chosen.value = undefined;
  else if (range.to - range.from >= MIN_ZOOM_MS) chosen.value = { ...range, trace: traceId.peek() ?? '' };
}

/** Shows the time before or after what is shown, half of which stays. */
export function moveZoom(direction: -1 | 1): void {
  const { from, to } = shownTime.peek();
  const length = to - from;
  const start = Math.max(Math.min(from + (direction * length) / 2, wholeTime.peek().to - length), 0);
  zoomTo({ from: start, to: start + length });
}

/** Shows the time of one span alone, or all of the time again: of the selected span, or where the reader was last. */
export function toggleZoom(): void {
  const row = selected.peek() ?? rowsById.peek().get(active.peek()?.id ?? '');
  zoomTo(isZoomed.peek() || row === undefined ? undefined : spanTime(row.node.span));
}

/** Where a part of the time stands within another one, as styles. */
export function placeIn(
  { from: first, to: last }: TimeRange,
  { from, to }: TimeRange,
): {
  readonly left: string;
  readonly width: string;
} {
  const placeOf = (time: number): number =>
    Math.min(Math.max(((time - first) / (last - first)) * 100, -MAX_PLACE), MAX_PLACE);
  return { left: `${placeOf(from)}%`, width: `${Math.max(placeOf(to) - placeOf(from), 0)}%` };
}

export function ticks(): string[] {
  return Array.from({ length: TICKS }, (_, i) => {
    const milliseconds = timeAt(i / (TICKS - 1));
    return milliseconds > 0 ? formatMilliseconds(milliseconds) : '0';
  });
}

/** The time at a place of what is shown, from 0 to 1. */
export function timeAt(place: number): number {
  const { from, to } = shownTime.value;
  return from + place * (to - from);
}
