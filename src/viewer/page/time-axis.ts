import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { formatMilliseconds } from '../amounts.ts';
import { millisecondsBetween, type Time, type ViewedSpan } from '../viewed-span.ts';
import { active, opened, rowsById, selected } from './state.ts';

/** A part of the time axis, in milliseconds since the start of the trace. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

const TICKS = 3;
/** How far bars reach beyond the visible part, in per cent. Limited, because browsers limit lengths. */
const MAX_PLACE = 5e6;
const MIN_ZOOM_MS = 1e-3;

/** The part of the time that the reader has chosen, with the trace that it belongs to. */
const chosen = signal<(TimeRange & { readonly trace: string }) | undefined>(undefined);

const traceId = computed(() => opened.value?.trace.traceId);

const zoom = computed(() => (chosen.value?.trace === traceId.value ? chosen.value : undefined));

/** The time of the whole trace, including spans that the filter hides. */
export const wholeTime: ReadonlySignal<TimeRange> = computed(() => {
  const { end } = opened.value?.trace.summary ?? {};
  return { from: 0, to: Math.max(end === undefined ? 0 : timeSinceStart(end), MIN_ZOOM_MS) };
});

/** The time that the timeline shows: the whole time, or a part that the reader has chosen. */
export const shownTime: ReadonlySignal<TimeRange> = computed(() => zoom.value ?? wholeTime.value);

export const isZoomed: ReadonlySignal<boolean> = computed(() => zoom.value !== undefined);

function timeSinceStart(time: Time): number {
  return millisecondsBetween(opened.value?.trace.summary.start ?? time, time);
}

export function spanTime({ start, end }: ViewedSpan): TimeRange {
  return { from: timeSinceStart(start), to: timeSinceStart(end) };
}

/** Shows a part of the time, unless it is too short; `undefined` shows the whole time. */
export function zoomTo(range: TimeRange | undefined): void {
  if (range === undefined) chosen.value = undefined;
  else if (range.to - range.from >= MIN_ZOOM_MS) chosen.value = { ...range, trace: traceId.peek() ?? '' };
}

/** Zooms to one span, or back to the whole time. Takes the selected span, or else the row where the reader was last. */
export function toggleZoom(): void {
  const row = selected.peek() ?? rowsById.peek().get(active.peek()?.id ?? '');
  zoomTo(isZoomed.peek() || row === undefined ? undefined : spanTime(row.span));
}

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
  const { from, to } = shownTime.value;
  return Array.from({ length: TICKS }, (_, i) => {
    const milliseconds = from + (i / (TICKS - 1)) * (to - from);
    return milliseconds > 0 ? formatMilliseconds(milliseconds) : '0';
  });
}
