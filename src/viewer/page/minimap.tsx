import { computed, useComputed, useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { isFailed } from '../viewed-span.ts';
import { typeOf } from '../viewed-trace.ts';
import { criticalPath } from './critical-path.ts';
import { foundRows, openTrace } from './state.ts';
import { placeIn, shownTime, spanTime, type TimeRange, zoom } from './time-axis.ts';

/** The size of the map, in its own units. The critical path is in the lowest part. */
const SIZE = 1_000;
const PATH_TOP = 880;

/** For each color, its rectangles as the data of one SVG path. */
const drawing = computed(() => {
  const rows = openTrace.value?.rows ?? [];
  const paths = new Map<string, string>();
  const draw = (kind: string, { from, to }: TimeRange, top: number, height: number): void => {
    const { from: first, to: last } = shownTime.value;
    // Times far outside the map are drawn just outside of it.
    const xOf = (time: number): number =>
      Math.round(Math.min(Math.max((time - first) / (last - first), -1), 2) * SIZE);
    const width = Math.max(xOf(to) - xOf(from), 1);
    // What begins and ends at the end of the map is drawn within it.
    const x = Math.min(xOf(from), from > last ? Number.POSITIVE_INFINITY : SIZE - 1);
    const rectangle = `M${x} ${top.toFixed(1)}h${width}v${height.toFixed(1)}h${-width}z`;
    paths.set(kind, (paths.get(kind) ?? '') + rectangle);
  };
  const height = PATH_TOP / rows.length;
  rows.forEach((row, i) => {
    const kind = isFailed(row.span) ? 'bad' : typeOf(row.span);
    const shownKind = foundRows.value.has(row) ? kind : `${kind} aside`;
    draw(shownKind, spanTime(row.span), i * height, Math.max(height * 0.8, SIZE / 44));
  });
  for (const part of [...criticalPath.value.values()].flat())
    draw('text', part, PATH_TOP + 10, SIZE - PATH_TOP - 10);
  return [...paths];
});

/**
 * A small map of all spans, with the critical path below them, for the time that the timeline shows. Dragging
 * across the map zooms to a part of that time. A click shows the whole time.
 */
export function Minimap(): VNode {
  /** Where the reader began to drag, and where the pointer is now, as times. */
  const drag = useSignal<readonly [number, number] | undefined>(undefined);
  const dragged = useComputed(
    () => drag.value && { from: Math.min(...drag.value), to: Math.max(...drag.value) },
  );
  const timeAt = ({ currentTarget, clientX }: PointerEvent): number => {
    const { left, width } = (currentTarget as Element).getBoundingClientRect();
    const { from, to } = shownTime.value;
    return from + Math.min(Math.max((clientX - left) / width, 0), 1) * (to - from);
  };
  return (
    <div
      class="minimap"
      aria-hidden="true"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.value = [timeAt(event), timeAt(event)];
      }}
      onPointerMove={(event) => {
        if (drag.value !== undefined) drag.value = [drag.value[0], timeAt(event)];
      }}
      onPointerUp={() => {
        if (dragged.value === undefined) return;
        const { from, to } = dragged.value;
        const { from: first, to: last } = shownTime.value;
        // A shorter drag is a click.
        zoom.value = to - from > (last - first) / 100 ? { from, to } : undefined;
      }}
      // This also happens if the browser takes a touch as scrolling. The map does not zoom then.
      onLostPointerCapture={() => {
        drag.value = undefined;
      }}
    >
      <svg
        aria-hidden="true"
        width="100%"
        height="100%"
        viewBox={`0 0 ${SIZE} ${SIZE}`}
        preserveAspectRatio="none"
      >
        {drawing.value.map(([kind, path]) => (
          <path key={kind} d={path} fill={`var(--${kind.split(' ')[0]})`} class={kind} />
        ))}
      </svg>
      {dragged.value && <span class="zoom-mark" style={placeIn(shownTime.value, dragged.value)} />}
    </div>
  );
}
