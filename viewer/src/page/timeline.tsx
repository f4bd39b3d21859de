import type { VNode } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import { grouped } from '../format-amounts.ts';
import { isAnyOpen, toggleAll, toggleZoom } from './actions.ts';
import { Button } from './elements.tsx';
import { Divider, isWide } from './layout.tsx';
import { Minimap } from './minimap.tsx';
import { active, panel } from './state.ts';
import { ticks, zoom } from './time-axis.ts';
import { numberColumns, timelineItems } from './timeline-items.ts';
import { TimelineRow } from './timeline-row.tsx';

/** The maximum number of rows on the page at once. Buttons lead to those before and after them. */
const MAX_SHOWN_ROWS = 300;

export function Timeline(): VNode {
  const { value: columns } = numberColumns;
  return (
    <div class="waterfall" style={{ '--columns': 'auto '.repeat(columns.length) }}>
      <div class="timeline-head">
        <Minimap />
        <div class="ruler small dim">
          <span class="line">
            <Button label={`${zoom.value ? 'Reset zoom' : 'Zoom to span'} (z)`} onClick={toggleZoom} />
            <Button label={`${isAnyOpen.value ? 'Collapse' : 'Expand'} all (c)`} onClick={toggleAll} />
          </span>
          <Divider of="names" />
          {columns.map(([label]) => (
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
  const { value: items } = timelineItems;
  // The row where the reader was last, or else the first row.
  const place = Math.max(
    items.findIndex(({ id }) => id === active.value?.id),
    0,
  );
  const first = place - (place % MAX_SHOWN_ROWS);
  const last = first + MAX_SHOWN_ROWS;
  const isShown = isWide.value || panel.value === 'timeline';
  useLayoutEffect(() => {
    const row = document.getElementById(`span-${active.value?.id}`);
    row?.scrollIntoView({ block: 'nearest' });
    if (active.value?.focus) row?.focus();
  }, [active.value, isShown]);
  const goTo = (id: string | undefined): void => {
    if (id !== undefined) active.value = { id, focus: true };
  };
  return (
    <>
      {first > 0 && (
        <Button
          label={`Rows before (${grouped(first)})`}
          class="more"
          onClick={() => goTo(items[first - 1]?.id)}
        />
      )}
      <div role="tree" aria-label="Spans, in order of time">
        {items.slice(first, last).map((item, i) => (
          <TimelineRow key={item.id} item={item} isActive={first + i === place} />
        ))}
      </div>
      {last < items.length && (
        <Button
          label={`Rows after (${grouped(items.length - last)})`}
          class="more"
          onClick={() => goTo(items[last]?.id)}
        />
      )}
    </>
  );
}
