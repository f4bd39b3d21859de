import { computed } from '@preact/signals';
import type { RefObject, VNode } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { toggleAll } from './actions.ts';
import { Button } from './elements.tsx';
import { Divider, isPrinted, isWide } from './layout.tsx';
import { Minimap } from './minimap.tsx';
import { active, panel } from './state.ts';
import { ticks, toggleZoom, zoom } from './time-axis.ts';
import { numberColumns, timelineItems } from './timeline-items.ts';
import { TimelineRow } from './timeline-row.tsx';

/** How many rows are rendered beyond each edge of the window, so that scrolling shows no gap. */
const OVERSCAN = 12;
const MAX_PRINTED = 2_000;

const places = computed(() => new Map(timelineItems.value.map(({ id }, place) => [id, place])));

export function Timeline(): VNode {
  const { value: columns } = numberColumns;
  return (
    <div class="waterfall" style={{ '--facts': columns.map(({ width }) => width).join(' ') }}>
      <fieldset class="timeline-tools line" aria-label="Timeline view">
        <Button label="Zoom to the span, or out" onClick={toggleZoom} />
        <Button label="Collapse or expand all" onClick={toggleAll} />
      </fieldset>
      <div class="timeline-head">
        <Minimap />
        <div class="ruler small dim">
          {zoom.value ? <Button label="Reset zoom" onClick={toggleZoom} /> : <span>Span</span>}
          <Divider of="names" side="before" />
          {columns.map(({ label }) => (
            <span key={label} class="fact">
              {label}
            </span>
          ))}
          <span class="ticks" aria-hidden="true">
            {ticks().map((tick, i) => (
              <span key={i}>{tick}</span>
            ))}
          </span>
        </div>
      </div>
      <Rows />
    </div>
  );
}

function Rows(): VNode {
  const tree = useRef<HTMLDivElement>(null);
  const { value: items } = timelineItems;
  const [from, to] = useVisibleRows(tree, items.length);
  // The row where the reader was last, or else the first row.
  const reachable = items[places.value.get(active.value?.id ?? '') ?? 0];
  const isShown = isWide.value || panel.value === 'timeline';
  useLayoutEffect(() => {
    const row = document.getElementById(`span-${active.value?.id}`);
    row?.scrollIntoView({ block: 'nearest' });
    if (active.value?.focus) row?.focus();
  }, [active.value, isShown]);
  const shown = items.slice(from, to);
  // The reachable row is always rendered, so that it keeps the focus when it is scrolled out of the window.
  if (reachable !== undefined && !shown.includes(reachable)) shown.push(reachable);
  return (
    <div role="tree" aria-label="Spans, in order of time" ref={tree} style={{ '--rows': items.length }}>
      {shown.map((item) => (
        <TimelineRow
          key={item.id}
          item={item}
          place={places.value.get(item.id) ?? 0}
          isActive={item === reachable}
        />
      ))}
    </div>
  );
}

/** The range of rows to render; `to` is exclusive. The stylesheet sets the height of a row as `--row`. */
function useVisibleRows(list: RefObject<HTMLElement | null>, count: number): [from: number, to: number] {
  const [[from, to], setSeen] = useState<readonly [number, number]>([0, OVERSCAN]);
  useLayoutEffect(() => {
    const look = (): void => {
      // A hidden list has no position.
      if (list.current?.checkVisibility() !== true) return;
      const { top } = list.current.getBoundingClientRect();
      const height = Number.parseFloat(getComputedStyle(list.current).getPropertyValue('--row'));
      const first = Math.max(0, Math.floor(-top / height) - OVERSCAN);
      const last = Math.ceil((innerHeight - top) / height) + OVERSCAN;
      setSeen((seen) => (seen[0] === first && seen[1] === last ? seen : [first, last]));
    };
    look();
    const observer = new ResizeObserver(look);
    if (list.current !== null) observer.observe(list.current);
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', look);
    return () => {
      observer.disconnect();
      removeEventListener('scroll', look);
      removeEventListener('resize', look);
    };
  }, [list, count]);
  return isPrinted.value ? [0, MAX_PRINTED] : [from, to];
}
