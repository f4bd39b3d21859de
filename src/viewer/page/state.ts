import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Row } from '../tree.ts';
import { findRows, type Trace, type TraceEntry, type TraceLists } from '../viewed-trace.ts';
import { address, go, type PageAddress } from './address.ts';
import { isWide } from './media.ts';
import type { OpenedTrace, TraceSource } from './trace-source.ts';

/** The open trace or conversation, with its entry in the list. */
interface Opened extends OpenedTrace {
  readonly entry: TraceEntry;
}

export const lists: Signal<TraceLists | undefined> = signal();
export const opened: Signal<Opened | undefined> = signal();
/** Whether the address names a trace that is not here, and another one is shown. */
export const isMissing: Signal<boolean> = signal(false);
/** The number of spans that did not fit into the page. */
export const omitted: Signal<number> = signal(0);
/** Ids of spans whose children are not shown. */
export const closed: Signal<ReadonlySet<string>> = signal(new Set());

/** Whether the selected span lies over the page, where there is no room beside the timeline. */
export const isSheetOpen: Signal<boolean> = signal(false);

export type PanelName = 'timeline' | 'chat' | 'span';
const chosenPanel = signal<PanelName | undefined>(undefined);

interface ActiveRow {
  readonly id: string;
  readonly focus: boolean;
}

/** The row that the tab key reaches. The timeline scrolls to it, and may give it the focus. */
export const active: Signal<ActiveRow | undefined> = signal();
/** The span of the address that is shown already: it is not shown again when other spans arrive. */
const shownSpan = signal<string | undefined>(undefined);

const isFiltered = computed(() => address.value.onlyErrors || address.value.words.trim() !== '');

const rowsById = computed(() => new Map(opened.value?.trace.rows.map((row) => [row.id, row])));

/** The selected span. It is named by the address. */
export const selected: ReadonlySignal<Row | undefined> = computed(() => {
  const { span, id, kind } = address.value;
  const isOpen = id === undefined || isSameEntry({ id, kind }, opened.value?.entry);
  return span !== undefined && isOpen ? rowsById.value.get(span) : undefined;
});

/** The rows that match the filter. */
export const foundRows: ReadonlySignal<ReadonlySet<Row>> = computed(() => {
  const { words, onlyErrors } = address.value;
  return opened.value === undefined ? new Set() : findRows(opened.value.trace, words, onlyErrors);
});

export const panel: ReadonlySignal<PanelName> = computed(() => {
  const { value: chosen = isWide.value ? 'chat' : 'timeline' } = chosenPanel;
  if (isWide.value) return chosen !== 'timeline' ? chosen : selected.value === undefined ? 'chat' : 'span';
  return chosen === 'span' ? 'timeline' : chosen;
});

export function showPanel(name: PanelName): void {
  chosenPanel.value = name;
}

/** Shows what a source has, now and whenever the reader asks for something else. */
export function showTraces(source: TraceSource, lost: (error: unknown) => void): void {
  omitted.value = source.omitted;
  const query = computed(() => {
    const { kind, id, words, onlyErrors } = address.value;
    return JSON.stringify([kind, id, words, onlyErrors]);
  });
  effect(() => {
    query.value;
    refresh(source).catch(lost);
  });
  const span = computed(() => address.value.span);
  // A link names a span, or the reader goes back.
  effect(() => {
    if (span.value === shownSpan.peek()) return;
    if (span.value === undefined) closeSpan();
    else if (rowsById.value.has(span.value)) showSpan(span.value, false);
  });
}

function showSpan(id: string, focus: boolean): void {
  const open = new Set(closed.peek());
  for (let above = rowsById.peek().get(id)?.parent; above !== undefined; above = above.parent)
    open.delete(above.id);
  batch(() => {
    closed.value = open;
    shownSpan.value = id;
    active.value = { id, focus };
    isSheetOpen.value = !isWide.peek();
    if (isWide.peek()) showPanel('span');
  });
}

function closeSpan(): void {
  shownSpan.value = undefined;
  isSheetOpen.value = false;
  if (panel.peek() === 'span') showPanel('chat');
}

let round = 0;

/** Asks for the lists and the open entry again. Answers that come after those to later questions are dropped. */
export async function refresh(source: TraceSource): Promise<void> {
  const current = ++round;
  const { kind, words, onlyErrors } = address.peek();
  const answer = await source.lists({ words, onlyErrors });
  const entry = wanted(kind === 'trace' ? answer.traces : answer.conversations, source.live);
  const before = opened.peek();
  const isSame = isSameEntry(entry, before?.entry);
  const isOpen = isSame && entry?.revision === before?.entry.revision;
  const trace = entry === undefined ? undefined : isOpen ? before : await source.open(entry);
  if (current !== round) return;
  const { id } = address.peek();
  batch(() => {
    lists.value = answer;
    if (!isFiltered.peek()) isMissing.value = id !== undefined && id !== entry?.id;
    // A trace that was dropped meanwhile stays as it was.
    if (entry !== undefined && trace === undefined) return;
    opened.value = entry && trace && { ...trace, entry };
    if (trace !== undefined) omitted.value = trace.omitted;
    if (!isSame) chosenPanel.value = undefined;
  });
}

/** The entry to open: the one of the address, else the one that is open, else the first. */
function wanted(entries: readonly TraceEntry[], isLive: boolean): TraceEntry | undefined {
  const { kind, id } = address.peek();
  const [first] = entries;
  if (id !== undefined) {
    const named = entries.find((entry) => isSameEntry(entry, { kind, id }));
    if (named !== undefined) return named;
  } else if (isLive) return first;
  return entries.find((entry) => isSameEntry(entry, opened.peek()?.entry)) ?? first;
}

export function isSameEntry(
  a: Pick<TraceEntry, 'kind' | 'id'> | undefined,
  b: Pick<TraceEntry, 'kind' | 'id'> | undefined,
): boolean {
  return a !== undefined && a.id === b?.id && a.kind === b.kind;
}

export function chooseKind(kind: TraceEntry['kind']): void {
  go({ kind, id: undefined, span: undefined }, true);
}

export function choose({ kind, id }: TraceEntry): void {
  go({ kind, id, span: undefined }, !isSameEntry({ kind, id }, opened.peek()?.entry));
}

export function setFilter(changes: Partial<Pick<PageAddress, 'words' | 'onlyErrors'>>): void {
  go(changes, false);
}

/** Selects a span. A filter that hides it is cleared. */
export function select(row: Row): void {
  const { entry } = opened.peek() ?? {};
  if (entry === undefined) return;
  const isHidden = foundRows.peek().size > 0 && !foundRows.peek().has(row);
  // Going back closes a sheet. Beside the timeline there is nothing to close.
  const ownStep = selected.peek() === undefined && !isWide.peek();
  batch(() => {
    showSpan(row.id, true);
    go(
      {
        kind: entry.kind,
        id: entry.id,
        span: row.id,
        ...(isHidden ? { words: '', onlyErrors: false } : {}),
      },
      ownStep,
    );
  });
}

export function deselect(): void {
  go({ span: undefined }, false);
}

/** Selects the next failed span, and after the last one the first again. */
export function selectNextError(): void {
  const errors = opened.peek()?.trace.summary.errors ?? [];
  const row = selected.peek();
  const next = errors[((row === undefined ? -1 : errors.indexOf(row)) + 1) % errors.length];
  if (next !== undefined) select(next);
}

/** Filters by an id. */
export function filterBy(id: string): void {
  if (!isWide.peek()) deselect();
  setFilter({ words: id });
  focusFilter();
}

export function showErrors(): void {
  setFilter({ onlyErrors: true });
}

/** Expands or collapses a row. */
export function toggle(row: Row, close: boolean = !closed.peek().has(row.id)): void {
  const changed = new Set(closed.peek());
  if (close) changed.add(row.id);
  else changed.delete(row.id);
  closed.value = changed;
}

function parents({ rows }: Trace): Row[] {
  return rows.filter(({ node, parent }) => node.children.length > 0 && parent !== undefined);
}

export function collapseAll(close: boolean): void {
  const { trace } = opened.peek() ?? {};
  closed.value = new Set(close && trace !== undefined ? parents(trace).map(({ id }) => id) : []);
}

/** Collapses all rows, or expands them if none is left to collapse. */
export function toggleAll(): void {
  const { trace } = opened.peek() ?? {};
  if (trace !== undefined) collapseAll(!parents(trace).every(({ id }) => closed.peek().has(id)));
}

export const FILTER_ID = 'filter';

export function focusFilter(): void {
  document.getElementById(FILTER_ID)?.focus();
}
