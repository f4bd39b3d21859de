import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Row } from '../tree.ts';
import { findRows, type TraceEntry, type TraceLists } from '../viewed-trace.ts';
import { address } from './address.ts';
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
/** Whether the reader has closed or opened what is below a row. */
export const folds: Signal<ReadonlyMap<string, boolean>> = signal(new Map());

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
export const shownSpan: Signal<string | undefined> = signal();

export const isFiltered: ReadonlySignal<boolean> = computed(
  () => address.value.onlyErrors || address.value.words.trim() !== '',
);

export const rowsById: ReadonlySignal<ReadonlyMap<string, Row>> = computed(
  () => new Map(opened.value?.trace.rows.map((row) => [row.id, row])),
);

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
