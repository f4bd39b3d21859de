import { computed } from '@preact/signals';
import type { VNode } from 'preact';
import { useRef } from 'preact/hooks';
import { isFailed } from '../viewed-span.ts';
import { typeOf } from '../viewed-trace.ts';
import { criticalPath } from './critical-path.ts';
import { foundRows, openTrace } from './state.ts';
import { placeIn, spanTime, type TimeRange, wholeTime, zoom } from './time-axis.ts';

/** The size of the map, in its own units. The critical path is in the lowest part. */
const SIZE = 1_000;
const PATH_TOP = 880;

/** For each color, its rectangles as the data of one SVG path. */
const drawing = computed(() => {
  const rows = openTrace.value?.rows ?? [];
  const paths = new Map<string, string>();
  const draw = (kind: string, { from, to }: TimeRange, top: number, height: number): void => {
    const xOf = (time: number): number => Math.round((time / wholeTime.value.to) * SIZE);
    const width = Math.max(xOf(to) - xOf(from), 1);
    const rectangle = `M${xOf(from)} ${top.toFixed(1)}h${width}v${height.toFixed(1)}h${-width}z`;
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

/** A small map of all spans, and the critical path below them. Dragging across it zooms to a part of the time. */
export function Minimap(): VNode {
  /** Where the reader began to drag. */
  const start = useRef(0);
  const timeAt = ({ currentTarget, clientX }: PointerEvent): number => {
    const { left, width } = (currentTarget as Element).getBoundingClientRect();
    return Math.min(Math.max((clientX - left) / width, 0), 1) * wholeTime.value.to;
  };
  return (
    <div
      class="minimap"
      aria-hidden="true"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = timeAt(event);
        zoom.value = undefined;
      }}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const [from = 0, to = 0] = [start.current, timeAt(event)].sort((a, b) => a - b);
        // Less is a click.
        if (to - from > wholeTime.value.to / 100) zoom.value = { from, to };
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
      {zoom.value && <span class="zoom-mark" style={placeIn(wholeTime.value, zoom.value)} />}
    </div>
  );
}
