import { computed } from '@preact/signals';
import type { VNode } from 'preact';
import { isFailed, typeOf } from '../viewed-span.ts';
import { criticalPath } from './critical-path.ts';
import { foundRows, openTrace } from './state.ts';
import { placeIn, shownTime, spanTime, type TimeRange, wholeTime } from './time-axis.ts';

/** The size of the map, in its own units. The critical path is in the lowest part. */
const SIZE = 1_000;
const PATH_TOP = 880;

/** For each color, its rectangles as the data of one SVG path. */
const drawing = computed(() => {
  const rows = openTrace.value?.rows ?? [];
  const paths = new Map<string, string>();
  const xOf = (time: number): number =>
    Math.round(Math.min(Math.max(time / wholeTime.value.to, 0), 1) * SIZE);
  const draw = (kind: string, { from, to }: TimeRange, top: number, height: number): void => {
    const width = Math.max(xOf(to) - xOf(from), 1);
    // What begins and ends at the end of the map is drawn within it.
    const x = Math.min(xOf(from), SIZE - 1);
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

/** A small map of the whole trace, with the critical path below its spans, and a mark for the time that is zoomed to. */
export function Minimap(): VNode {
  return (
    <div class="minimap" aria-hidden="true">
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
      {shownTime.value !== wholeTime.value && (
        <span class="zoom-mark" style={placeIn(wholeTime.value, shownTime.value)} />
      )}
    </div>
  );
}
