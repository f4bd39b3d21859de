import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { grouped } from '../format-amounts.ts';
import { isAnyOpen, toggleAll, toggleZoom } from './actions.ts';
import { Button } from './elements.tsx';
import { Divider, isWide, timelineWidth } from './layout.tsx';
import { Minimap } from './minimap.tsx';
import { active, isFiltered, openTrace, panel } from './state.ts';
import { ticks, zoom } from './time-axis.ts';
import { numberColumns, timelineItems } from './timeline-items.ts';
import { TimelineRow } from './timeline-row.tsx';

/** The maximum number of rows on the page at once. Buttons lead to those before and after them. */
const MAX_SHOWN_ROWS = 300;
/** Fewer with a filter, so that they follow the typed letters. */
const MAX_FOUND_ROWS = 100;

export function Timeline(): VNode {
  const { value: columns } = numberColumns;
  const waterfall = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const measure = new ResizeObserver(([entry]) => {
      timelineWidth.value = entry?.contentRect.width ?? 0;
    });
    if (waterfall.current !== null) measure.observe(waterfall.current);
    return () => measure.disconnect();
  }, []);
  return (
    <div class="waterfall" ref={waterfall} style={{ '--columns': 'auto '.repeat(columns.length) }}>
      <div class="timeline-head">
        <Minimap />
        <Tools />
        <div class="ruler small dim">
          <span />
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

/** What the reader can do with the timeline, and the legend of the marks in its bars. */
function Tools(): VNode {
  const hasFirstToken = openTrace.value?.summary.firstTokens.length !== 0;
  const marks = [...(hasFirstToken ? ['First token'] : []), 'Critical path'];
  return (
    <div class="legend line small dim">
      <span class="line">
        <Button label={`${zoom.value ? 'Reset zoom' : 'Zoom to span'} (z)`} onClick={toggleZoom} />
        <Button label={`${isAnyOpen.value ? 'Collapse' : 'Expand'} all (c)`} onClick={toggleAll} />
      </span>
      {marks.map((mark) => (
        <span key={mark}>
          <span class={`swatch ${mark.toLowerCase().replace(' ', '-')}`} aria-hidden="true" /> {mark}
        </span>
      ))}
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
  const size = isFiltered.value ? MAX_FOUND_ROWS : MAX_SHOWN_ROWS;
  const first = place - (place % size);
  const last = first + size;
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
