import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { CallTotals } from '../totals.ts';
import { findRows } from '../trace-filter.ts';
import type { OpenedTrace, TraceEntry, TraceLists } from '../trace-store.ts';
import type { Row } from '../tree.ts';
import { millisecondsBetween } from '../viewed-span.ts';
import type { ViewedTrace } from '../viewed-trace.ts';
import { address, type PageAddress, type TraceOrder } from './address.ts';
import { isWide } from './layout.tsx';
import type { TraceSource } from './trace-source.ts';

interface Opened extends OpenedTrace {
  readonly entry: TraceEntry;
}

export const lists: Signal<TraceLists | undefined> = signal();
export const opened: Signal<Opened | undefined> = signal();
export const compared: Signal<ViewedTrace | undefined> = signal();
/** What the calls of the listed traces used; `undefined` while the totals are not shown. */
export const totals: Signal<readonly CallTotals[] | undefined> = signal();
/** Whether the address names a trace that does not exist here, so that another one is shown. */
export const isMissing: Signal<boolean> = signal(false);
/** The number of spans that a page without a server has no room for. */
export const leftOut: Signal<number> = signal(0);
/** The rows that the reader has collapsed (`true`) or expanded (`false`), by id. */
export const folds: Signal<ReadonlyMap<string, boolean>> = signal(new Map());

/** Whether the selected span is shown as a sheet. A narrow page has no room for it beside the timeline. */
export const isSheetOpen: Signal<boolean> = signal(false);

export type PanelName = 'timeline' | 'chat' | 'span';
const chosenPanel = signal<PanelName | undefined>(undefined);

interface ActiveRow {
  readonly id: string;
  readonly focus: boolean;
}

/** The row that the tab key reaches. The timeline scrolls to it, and may focus it. */
export const active: Signal<ActiveRow | undefined> = signal();

export const omitted: ReadonlySignal<number> = computed(() => leftOut.value + (opened.value?.omitted ?? 0));

export const isFiltered: ReadonlySignal<boolean> = computed(
  () => address.value.onlyErrors || address.value.words.trim() !== '',
);

export const rowsById: ReadonlySignal<ReadonlyMap<string, Row>> = computed(
  () => new Map(opened.value?.trace.rows.map((row) => [row.id, row])),
);

export const selected: ReadonlySignal<Row | undefined> = computed(() => {
  const { span, id, kind } = address.value;
  const isOpen = id === undefined || isSameEntry({ id, kind }, opened.value?.entry);
  return span !== undefined && isOpen ? rowsById.value.get(span) : undefined;
});

export const foundRows: ReadonlySignal<ReadonlySet<Row>> = computed(() => {
  const { words, onlyErrors } = address.value;
  return findRows(opened.value?.trace.rows ?? [], { words, onlyErrors });
});

export const panel: ReadonlySignal<PanelName> = computed(() => {
  const { value: chosen = isWide.value ? 'chat' : 'timeline' } = chosenPanel;
  if (isWide.value) return chosen !== 'timeline' ? chosen : selected.value === undefined ? 'chat' : 'span';
  return chosen === 'span' ? 'timeline' : chosen;
});

export function showPanel(name: PanelName): void {
  chosenPanel.value = name;
}

type EntryOrder = (a: TraceEntry, b: TraceEntry) => number;

const COMPARISONS: Readonly<Record<TraceOrder, EntryOrder>> = {
  '': () => 0,
  time: (a, b) => millisecondsBetween(a.start, b.start),
  duration: (a, b) => millisecondsBetween(b.start, b.end) - millisecondsBetween(a.start, a.end),
  cost: (a, b) => (b.cost ?? 0) - (a.cost ?? 0),
  errors: (a, b) => b.errors - a.errors,
};

function entriesInOrder(answer: TraceLists | undefined, { kind, sort }: PageAddress): readonly TraceEntry[] {
  const entries = (kind === 'trace' ? answer?.traces : answer?.conversations) ?? [];
  return sort === '' ? entries : entries.toSorted(COMPARISONS[sort]);
}

export const listedEntries: ReadonlySignal<readonly TraceEntry[]> = computed(() =>
  entriesInOrder(lists.value, address.value),
);

let round = 0;

/** Requests the lists and the open entry again. Drops the answers if a newer request was made in the meantime. */
export async function refresh(source: TraceSource): Promise<void> {
  const current = ++round;
  const { words, onlyErrors, kind, other, isTotals } = address.peek();
  const answer = await source.lists({ words, onlyErrors });
  const entry = wanted(entriesInOrder(answer, address.peek()));
  const before = opened.peek();
  const isSame = isSameEntry(entry, before?.entry);
  const isOpen = isSame && entry?.revision === before?.entry.revision;
  const trace = entry === undefined ? undefined : isOpen ? before : await source.open(entry);
  const second = other === undefined ? undefined : await source.open({ kind, id: other });
  const calls = isTotals ? await source.totals({ words, onlyErrors }) : undefined;
  if (current !== round) return;
  const { id } = address.peek();
  batch(() => {
    compared.value = second?.trace;
    totals.value = calls;
    lists.value = answer;
    if (!isFiltered.peek()) isMissing.value = id !== undefined && id !== entry?.id;
    // If the open trace was dropped in the meantime, it stays as it was.
    if (entry !== undefined && trace === undefined) return;
    opened.value = entry && trace && { ...trace, entry };
    if (!isSame) chosenPanel.value = undefined;
  });
}

/** The entry that the address names, or else the open one, or else the first. Without an id: the first. */
function wanted(entries: readonly TraceEntry[]): TraceEntry | undefined {
  const { kind, id } = address.peek();
  const [first] = entries;
  if (id === undefined) return first;
  const isOneOf = (named: Parameters<typeof isSameEntry>[0]): TraceEntry | undefined =>
    entries.find((entry) => isSameEntry(entry, named));
  return isOneOf({ kind, id }) ?? isOneOf(opened.peek()?.entry) ?? first;
}

export function isSameEntry(
  a: Pick<TraceEntry, 'kind' | 'id'> | undefined,
  b: Pick<TraceEntry, 'kind' | 'id'> | undefined,
): boolean {
  return a !== undefined && a.id === b?.id && a.kind === b.kind;
}
