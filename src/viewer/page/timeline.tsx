import { computed } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Row } from '../tree.ts';
import type { Voice } from '../voice.ts';
import { collapseAll, select, toggle } from './actions.ts';
import { Legend } from './bar.tsx';
import { criticalPath } from './critical-path.ts';
import { HoverCard, hide, hover } from './hover-card.tsx';
import { Divider, pixels, widths } from './layout.tsx';
import { isPrinted } from './media.ts';
import { Minimap } from './minimap.tsx';
import { active, foundRows, isFiltered, opened, selected } from './state.ts';
import { isZoomed, moveTime, shownTime, ticks, zoomBy, zoomTo } from './time-axis.ts';
import { listenForDrags } from './time-drag.ts';
import { type TimelineItem, timelineItems } from './timeline-items.ts';
import { costText, TimelineRow, timeText, tokensOf } from './timeline-row.tsx';
import { useVisibleRows } from './visible-rows.ts';

/** How much of what is shown the timeline moves at once. */
const MOVED_PART = 0.5;

const places = computed(() => new Map(timelineItems.value.map(({ id }, place) => [id, place])));

const voices = computed(
  () =>
    new Map<Row, Voice>(opened.value?.trace.summary.voices.map((voice) => [voice.session, voice] as const)),
);

/** Pixels of a character in a column of numbers. */
const DIGIT_WIDTH = 7.6;

/** The widths of the columns of numbers, for what is in them: 0 for a column that is empty. */
const columns = computed(() => {
  const widest = (texts: readonly (string | undefined)[]): number =>
    Math.ceil(Math.max(0, ...texts.map((text) => text?.length ?? 0)) * DIGIT_WIDTH);
  const items = timelineItems.value.slice(0, MAX_MEASURED);
  return {
    tokens: widest(items.map(tokensOf)),
    cost: widest(items.map(costText)),
    time: widest(items.map(timeText)),
  };
});

/** Rows whose numbers are measured. Those of parents, which are longer, come first. */
const MAX_MEASURED = 1_000;

/** The timeline of a trace, as a tree with keyboard navigation. */
export function Timeline(): VNode {
  const root = useRef<HTMLDivElement>(null);
  const mark = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (root.current !== null && mark.current !== null) listenForDrags(root.current, mark.current);
  }, []);
  const { tokens, cost, time } = columns.value;
  const facts = [tokens, cost, Math.max(time, 34)].filter((width) => width > 0).map((width) => `${width}px`);
  const style = { '--names': pixels(widths.names), '--facts': facts.join(' ') };
  return (
    <div class="waterfall" ref={root} style={style}>
      <div class="zoom-mark" hidden ref={mark} />
      <Tools />
      <div class="timeline-head">
        <Minimap />
        {isZoomed.value && (
          <p class="zoomed">
            Zoomed in.
            <button type="button" onClick={() => zoomTo(undefined)}>
              Reset zoom
            </button>
          </p>
        )}
        <div class="ruler">
          <span>Span</span>
          <Divider
            label="Width of the names"
            of="names"
            target={({ parentElement }) => parentElement?.firstElementChild ?? null}
          />
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
      <Legend rows={[...foundRows.value]} voices={voices.value} />
      <HoverCard />
    </div>
  );
}

function Rows(): VNode {
  const tree = useRef<HTMLDivElement>(null);
  const { value: items } = timelineItems;
  const { from, to, height } = useVisibleRows(tree, items.length);
  // Where the reader was last.
  const reachable = items.find(({ id }) => id === active.value?.id) ?? items[0];
  useLayoutEffect(() => {
    const { id, focus } = active.value ?? {};
    const row = id === undefined ? null : document.getElementById(`span-${id}`);
    row?.scrollIntoView({ block: 'nearest' });
    if (focus) row?.focus();
  }, [active.value]);
  const shown = items.slice(from, to);
  // What has the focus stays in the page when it is scrolled out of the window.
  if (reachable !== undefined && !shown.includes(reachable)) shown.push(reachable);
  const onPointerMove = (event: PointerEvent): void => {
    const item = itemOf(event.target, items);
    if (item !== undefined && event.pointerType !== 'touch') hover(item, event);
  };
  return (
    <div
      role="tree"
      aria-label="Spans, in order of time"
      ref={tree}
      style={{ height: isPrinted.value ? 'auto' : `${items.length * height}px` }}
      onKeyDown={(event) => onKey(event, items)}
      onPointerMove={onPointerMove}
      onPointerLeave={hide}
    >
      {shown.map((item) => (
        <TimelineRow
          key={item.id}
          item={item}
          top={(places.value.get(item.id) ?? 0) * height}
          range={shownTime.value}
          voice={item.group === undefined ? voices.value.get(item.row) : undefined}
          critical={item.group === undefined ? criticalPath.value.get(item.row.node) : undefined}
          columns={columns.value}
          isSelected={item.group === undefined && item.row === selected.value}
          isActive={item === reachable}
          isFound={!isFiltered.value || foundRows.value.has(item.row)}
        />
      ))}
    </div>
  );
}

/** The item that an element of a row shows. */
function itemOf(target: EventTarget | null, items: readonly TimelineItem[]): TimelineItem | undefined {
  const row = target instanceof Element ? target.closest('.row') : null;
  return items.find(({ id }) => `span-${id}` === row?.id);
}

/** The keyboard interface of a tree view in the ARIA Authoring Practices. */
function onKey(event: KeyboardEvent, items: readonly TimelineItem[]): void {
  const item = itemOf(event.target, items);
  if (item === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  const place = items.indexOf(item);
  const move = (to: TimelineItem | undefined): void => {
    if (to !== undefined) active.value = { id: to.id, focus: true };
  };
  const choose = (): void => (item.group === undefined ? select(item.row) : toggle(item));
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

/** Buttons for what keys and a mouse do otherwise. The style shows them where a finger is used. */
function Tools(): VNode {
  const tools: readonly (readonly [label: string, sign: string, act: () => void])[] = [
    ['Zoom in', '+', () => zoomBy(2)],
    ['Zoom out', '−', () => zoomBy(0.5)],
    ['Earlier', '←', () => moveTime(-MOVED_PART)],
    ['Later', '→', () => moveTime(MOVED_PART)],
    ['Show the whole trace', '↔', () => zoomTo(undefined)],
    ['Collapse all', '▸', () => collapseAll(true)],
    ['Expand all', '▾', () => collapseAll(false)],
  ];
  return (
    <fieldset class="timeline-tools" aria-label="Timeline view">
      {tools.map(([label, sign, act]) => (
        <button key={label} type="button" aria-label={label} title={label} onClick={act}>
          <span aria-hidden="true">{sign}</span>
        </button>
      ))}
    </fieldset>
  );
}
