import { computed } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { toggleAll } from './actions.ts';
import { Button } from './elements.tsx';
import { Divider, isWide } from './layout.tsx';
import { Minimap } from './minimap.tsx';
import { active, panel } from './state.ts';
import { ticks, toggleZoom, zoom } from './time-axis.ts';
import { numberColumns, timelineItems } from './timeline-items.ts';
import { TimelineRow } from './timeline-row.tsx';
import { useVisibleRows } from './visible-rows.ts';

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
