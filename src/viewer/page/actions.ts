import { batch, computed, effect, type Signal, signal } from '@preact/signals';
import type { TraceEntry } from '../trace-store.ts';
import type { Row } from '../tree.ts';
import { address, go, type PageAddress } from './address.ts';
import { isSmall, isWide } from './layout.tsx';
import {
  active,
  folds,
  foundRows,
  isSameEntry,
  opened,
  panel,
  rowsById,
  selected,
  showPanel,
} from './state.ts';
import { idsAbove, idsToClose, type TimelineItem, timelineItems } from './timeline-items.ts';

/** The span that is shown because the address names it. It is not shown again when other spans arrive. */
const shownSpan: Signal<string | undefined> = signal();

const namedSpan = computed(() => address.value.span);
// The address changes without a selection when the reader opens a link to a span, or goes back.
effect(() => {
  const { value: span } = namedSpan;
  if (span === shownSpan.peek()) return;
  if (span === undefined) closeSpan();
  else if (rowsById.value.has(span)) showSpan(span, false);
});

function showSpan(id: string, focus: boolean): void {
  const row = rowsById.peek().get(id);
  batch(() => {
    shownSpan.value = id;
    fold(idsAbove(row), false);
    active.value = { id, focus };
    showPanel('span');
  });
}

function closeSpan(): void {
  shownSpan.value = undefined;
  if (panel.peek() === 'span') showPanel(isWide.peek() ? 'chat' : 'timeline');
}

export function chooseKind(kind: TraceEntry['kind']): void {
  go({ kind, id: undefined, span: undefined }, true);
}

export function choose({ kind, id }: Pick<TraceEntry, 'kind' | 'id'>): void {
  const isOpen = isSameEntry({ kind, id }, opened.peek()) && !address.peek().isTotals;
  // A small screen shows the list until something is chosen. Going back returns to it.
  const leavesList = isSmall.peek() && address.peek().id === undefined;
  go({ kind, id, span: undefined, other: undefined, isTotals: false }, !isOpen || leavesList);
}

export function compareWith(other: string | undefined): void {
  const { kind, id } = opened.peek() ?? address.peek();
  go({ kind, id, other, isTotals: false }, true);
}

export function showTotals(isTotals: boolean): void {
  go({ isTotals, other: undefined }, true);
}

/** Sets the filter. Going back returns to what was shown before, instead of undoing letter by letter. */
export function setFilter(changes: Partial<Pick<PageAddress, 'words' | 'onlyErrors'>>): void {
  const { words = '', onlyErrors } = changes;
  go(changes, onlyErrors !== undefined || (words === '') !== (address.peek().words === ''));
}

/** Selects a span. A filter that hides the span is cleared. */
export function select(row: Row): void {
  const { kind, id } = opened.peek() ?? address.peek();
  const isHidden = foundRows.peek().size > 0 && !foundRows.peek().has(row);
  // On a narrow page, the span replaces the timeline, and going back returns to it.
  const ownStep = selected.peek() === undefined && !isWide.peek();
  batch(() => {
    showSpan(row.id, true);
    go({ kind, id, span: row.id, ...(isHidden && { words: '', onlyErrors: false }) }, ownStep);
  });
}

export function selectNextError(): void {
  const errors = opened.peek()?.trace.summary.errors ?? [];
  const row = selected.peek();
  const next = errors[((row === undefined ? -1 : errors.indexOf(row)) + 1) % errors.length];
  if (next !== undefined) select(next);
}

export function filterBy(id: string): void {
  setFilter({ words: id });
  focusFilter();
}

function fold(ids: readonly string[], close: boolean): void {
  folds.value = new Map([...folds.peek(), ...ids.map((id) => [id, close] as const)]);
}

export function toggle({ id, isClosed }: Pick<TimelineItem, 'id' | 'isClosed'>): void {
  fold([id], isClosed === false);
}

/** Collapses all rows, or expands them if none is left to collapse. */
export function toggleAll(): void {
  const isAnyOpen = timelineItems.peek().some((item) => item.isClosed === false && item.depth > 1);
  fold(idsToClose(), isAnyOpen);
}

export const FILTER_ID = 'filter';

export function focusFilter(): void {
  document.getElementById(FILTER_ID)?.focus();
}
