import { computed } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Row } from '../tree.ts';
import type { Voice } from '../voice.ts';
import { Legend } from './bar.tsx';
import { isPrinted } from './media.ts';
import { active, closed, collapseAll, foundRows, opened, select, selected, toggle } from './state.ts';
import { isZoomed, moveTime, shownTime, ticks, zoomBy, zoomTo } from './time-axis.ts';
import { listenForDrags } from './time-drag.ts';
import { TimelineRow } from './timeline-row.tsx';
import { useVisibleRows } from './visible-rows.ts';

/** How much of what is shown the timeline moves at once. */
const MOVED_PART = 0.5;

/** The rows that were found, with their ancestors, without those that are collapsed. */
const shownRows = computed(() => {
  const wanted = new Set<Row>();
  for (const row of foundRows.value)
    for (let each: Row | undefined = row; each !== undefined && !wanted.has(each); each = each.parent)
      wanted.add(each);
  const hidden = new Set<Row>();
  return (opened.value?.trace.rows ?? []).filter((row) => {
    const { parent } = row;
    if (parent === undefined || !(hidden.has(parent) || closed.value.has(parent.id))) return wanted.has(row);
    hidden.add(row);
    return false;
  });
});

const places = computed(() => new Map(shownRows.value.map((row, place) => [row, place])));

const voices = computed(
  () =>
    new Map<Row, Voice>(opened.value?.trace.summary.voices.map((voice) => [voice.session, voice] as const)),
);

/** The timeline of a trace, as a tree with keyboard navigation. */
export function Timeline(): VNode {
  const root = useRef<HTMLDivElement>(null);
  const mark = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (root.current !== null && mark.current !== null) listenForDrags(root.current, mark.current);
  }, []);
  return (
    <div class="waterfall" ref={root}>
      <div class="zoom-mark" hidden ref={mark} />
      <Tools />
      {isZoomed.value && (
        <p class="zoomed">
          Zoomed in.
          <button type="button" onClick={() => zoomTo(undefined)}>
            Reset zoom
          </button>
        </p>
      )}
      <div class="ruler" aria-hidden="true">
        <span>Span</span>
        <span class="fact">Tokens</span>
        <span class="fact">Cost</span>
        <span class="fact">Time</span>
        <span class="ticks">
          {ticks().map((tick, i) => (
            <span key={i}>{tick}</span>
          ))}
        </span>
      </div>
      <Rows />
      <Legend rows={foundRows.value} voices={voices.value} />
    </div>
  );
}

function Rows(): VNode {
  const tree = useRef<HTMLDivElement>(null);
  const { value: rows } = shownRows;
  const { from, to, height } = useVisibleRows(tree, rows.length);
  const { value: chosen } = selected;
  // Where the reader was last.
  const reachable = rows.find(({ id }) => id === active.value?.id) ?? rows[0];
  useLayoutEffect(() => {
    const { id, focus } = active.value ?? {};
    const row = id === undefined ? null : document.getElementById(`span-${id}`);
    row?.scrollIntoView({ block: 'nearest' });
    if (focus) row?.focus();
  }, [active.value]);
  const shown = rows.slice(from, to);
  // What has the focus stays in the page when it is scrolled out of the window.
  if (reachable !== undefined && !shown.includes(reachable)) shown.push(reachable);
  return (
    <div
      role="tree"
      aria-label="Spans, in order of time"
      ref={tree}
      style={{ height: isPrinted.value ? 'auto' : `${rows.length * height}px` }}
      onKeyDown={(event) => onKey(event, rows, reachable)}
    >
      {shown.map((row) => (
        <TimelineRow
          key={row.id}
          row={row}
          top={(places.value.get(row) ?? 0) * height}
          range={shownTime.value}
          voice={voices.value.get(row)}
          isSelected={row === chosen}
          isActive={row === reachable}
          isFound={foundRows.value.has(row)}
          isClosed={closed.value.has(row.id)}
        />
      ))}
    </div>
  );
}

/** The keyboard interface of a tree view in the ARIA Authoring Practices. */
function onKey(event: KeyboardEvent, rows: readonly Row[], row: Row | undefined): void {
  if (row === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  const place = rows.indexOf(row);
  const hasChildren = row.node.children.length > 0;
  const isClosed = closed.peek().has(row.id);
  const move = (to: Row | undefined): void => {
    if (to !== undefined) active.value = { id: to.id, focus: true };
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => move(rows[place + 1]),
    ArrowUp: () => move(rows[place - 1]),
    Home: () => move(rows[0]),
    End: () => move(rows.at(-1)),
    ArrowRight: () => {
      if (hasChildren && isClosed) toggle(row, false);
      else if (hasChildren) move(rows[place + 1]);
    },
    ArrowLeft: () => {
      if (hasChildren && !isClosed) toggle(row, true);
      else move(row.parent);
    },
    Enter: () => select(row),
    ' ': () => select(row),
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
