import { computed } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { select, toggle, toggleAll } from './actions.ts';
import { Divider, isPrinted, isWide, pixels, widths } from './layout.tsx';
import { Minimap } from './minimap.tsx';
import { active, panel } from './state.ts';
import { isZoomed, ticks, toggleZoom, zoomTo } from './time-axis.ts';
import { costText, type TimelineItem, timelineItems, timeText, tokensText } from './timeline-items.ts';
import { TimelineRow } from './timeline-row.tsx';
import { useVisibleRows } from './visible-rows.ts';
import { ZoomArea } from './zoom-drag.tsx';

const places = computed(() => new Map(timelineItems.value.map(({ id }, place) => [id, place])));

/** The maximum number of rows measured for the column widths. Parents, whose numbers are longer, come first. */
const MAX_MEASURED = 1_000;
const DIGIT_WIDTH = 7.6;
const MIN_TIME_WIDTH = 34;

/** The widths of the columns of numbers, computed from their longest texts; 0 for an empty column. */
const columns = computed(() => {
  const items = timelineItems.value.slice(0, MAX_MEASURED);
  const widest = (textOf: (item: TimelineItem) => string | undefined): number =>
    Math.ceil(Math.max(0, ...items.map((item) => textOf(item)?.length ?? 0)) * DIGIT_WIDTH);
  return {
    tokens: widest(tokensText),
    cost: widest(costText),
    time: Math.max(widest(timeText), MIN_TIME_WIDTH),
  };
});

export function Timeline(): VNode {
  const { tokens, cost, time } = columns.value;
  const facts = [tokens, cost, time].filter((width) => width > 0).map((width) => `${width}px`);
  return (
    <ZoomArea style={{ '--names': pixels(widths.names), '--facts': facts.join(' ') }}>
      <fieldset class="timeline-tools line" aria-label="Timeline view">
        <button type="button" onClick={toggleZoom}>
          Zoom to the span, or out
        </button>
        <button type="button" onClick={toggleAll}>
          Collapse or expand all
        </button>
      </fieldset>
      <div class="timeline-head">
        <Minimap />
        {isZoomed.value && (
          <p class="line small">
            Zoomed in.
            <button type="button" onClick={() => zoomTo(undefined)}>
              Reset zoom
            </button>
          </p>
        )}
        <div class="ruler small dim">
          <span>Span</span>
          <Divider of="names" side="before" />
          {tokens > 0 && <span class="fact">Tokens</span>}
          {cost > 0 && <span class="fact">Cost</span>}
          <span class="fact">Time</span>
          <span class="ticks" aria-hidden="true">
            {ticks().map((tick, i) => (
              <span key={i}>{tick}</span>
            ))}
          </span>
        </div>
      </div>
      <Rows />
    </ZoomArea>
  );
}

function Rows(): VNode {
  const tree = useRef<HTMLDivElement>(null);
  const { value: items } = timelineItems;
  const { from, to, height } = useVisibleRows(tree, items.length);
  // The row where the reader was last, or else the first row.
  const reachable = items.find(({ id }) => id === active.value?.id) ?? items[0];
  const isShown = isWide.value || panel.value === 'timeline';
  useLayoutEffect(() => {
    const { id, focus } = active.value ?? {};
    const row = id === undefined ? null : document.getElementById(`span-${id}`);
    row?.scrollIntoView({ block: 'nearest' });
    if (focus) row?.focus();
  }, [active.value, isShown]);
  const shown = items.slice(from, to);
  // The reachable row is always rendered, so that it keeps the focus when it is scrolled out of the window.
  if (reachable !== undefined && !shown.includes(reachable)) shown.push(reachable);
  return (
    <div
      role="tree"
      aria-label="Spans, in order of time"
      ref={tree}
      style={{ height: isPrinted.value ? 'auto' : `${items.length * height}px` }}
      onKeyDown={(event) => onKey(event, items)}
    >
      {shown.map((item) => (
        <TimelineRow
          key={item.id}
          item={item}
          top={(places.value.get(item.id) ?? 0) * height}
          columns={columns.value}
          isActive={item === reachable}
        />
      ))}
    </div>
  );
}

function itemOf(target: EventTarget | null, items: readonly TimelineItem[]): TimelineItem | undefined {
  const row = target instanceof Element ? target.closest('.row') : null;
  return items.find(({ id }) => `span-${id}` === row?.id);
}

/** Handles keys as the ARIA Authoring Practices describe for a tree view. */
function onKey(event: KeyboardEvent, items: readonly TimelineItem[]): void {
  const item = itemOf(event.target, items);
  if (item === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  const place = items.indexOf(item);
  const move = (to: TimelineItem | undefined): void => {
    if (to !== undefined) active.value = { id: to.id, focus: true };
  };
  const choose = (): void => (item.isGroup ? toggle(item) : select(item.row));
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => move(items[place + 1]),
    ArrowUp: () => move(items[place - 1]),
    Home: () => move(items[0]),
    End: () => move(items.at(-1)),
    ArrowRight: () => {
      if (item.isClosed === true) toggle(item);
      else if (item.isClosed === false) move(items[place + 1]);
    },
    ArrowLeft: () => {
      if (item.isClosed === false) toggle(item);
      else move(items.find(({ id }) => id === item.parent));
    },
    Enter: choose,
    ' ': choose,
  };
  if (!Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]?.();
}
