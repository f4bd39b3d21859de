import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { type CallTotals, callTotals } from '../totals.ts';
import { findRows, type TraceFilter } from '../trace-filter.ts';
import { type TraceEntry, type TraceLists, TraceStore } from '../trace-store.ts';
import type { TraceSummary } from '../trace-summary.ts';
import type { Row } from '../tree.ts';
import { compareTimes, millisecondsBetween, type ViewedSpan } from '../viewed-span.ts';
import type { ViewedTrace } from '../viewed-trace.ts';
import type { Voice } from '../voice.ts';
import { address, type TraceOrder } from './address.ts';
import { isWide } from './layout.tsx';

/** The data in the page. */
interface PageData {
  readonly spans: readonly ViewedSpan[];
  /** The number of spans that did not fit. */
  readonly omitted: number;
  /** Whether the page receives its spans from the server that it comes from. */
  readonly live?: boolean;
}

const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as PageData;
export const isLive: boolean = data.live === true;
export const store: TraceStore = new TraceStore({ isLive });
store.add(data.spans);

/** Counts the changes of the store. A live page begins with its first answer from the server. */
export const changes: Signal<number> = signal(isLive ? 0 : 1);

const filterWords = computed(() => address.value.words);
const onlyErrors = computed(() => address.value.onlyErrors);
const filter = computed((): TraceFilter => ({ words: filterWords.value, onlyErrors: onlyErrors.value }));

export const isFiltered: ReadonlySignal<boolean> = computed(
  () => onlyErrors.value || filterWords.value.trim() !== '',
);

export const lists: ReadonlySignal<TraceLists | undefined> = computed(() =>
  changes.value === 0 ? undefined : store.lists(filter.value),
);

type EntryOrder = (a: TraceSummary, b: TraceSummary) => number;

const COMPARISONS: Readonly<Record<TraceOrder, EntryOrder>> = {
  '': () => 0,
  time: (a, b) => compareTimes(b.start, a.start),
  duration: (a, b) => millisecondsBetween(b.start, b.end) - millisecondsBetween(a.start, a.end),
  cost: (a, b) => (b.cost ?? 0) - (a.cost ?? 0),
  errors: (a, b) => b.errors.length - a.errors.length,
};

export const listedEntries: ReadonlySignal<readonly TraceEntry[]> = computed(() => {
  const { kind, sort } = address.value;
  const entries = (kind === 'trace' ? lists.value?.traces : lists.value?.conversations) ?? [];
  return entries.toSorted((a, b) => COMPARISONS[sort](a.trace.summary, b.trace.summary));
});

let openedBefore: TraceEntry | undefined;

/** The entry that the address names, or else the one that was open, or else the first. Without an id: the first. */
export const opened: ReadonlySignal<TraceEntry | undefined> = computed(() => {
  const { kind, id } = address.value;
  const isOneOf = (named: NamedEntry | undefined): TraceEntry | undefined =>
    listedEntries.value.find((entry) => isSameEntry(entry, named));
  const chosen = id === undefined ? undefined : (isOneOf({ kind, id }) ?? isOneOf(openedBefore));
  const entry = chosen ?? listedEntries.value[0];
  // The same object as before as long as nothing has changed.
  if (!isSameEntry(entry, openedBefore) || entry?.revision !== openedBefore?.revision) openedBefore = entry;
  return openedBefore;
});

/** Whether the address names a trace that does not exist here, so that another one is shown. */
export const isMissing: ReadonlySignal<boolean> = computed(() => {
  const { id } = address.value;
  return lists.value !== undefined && !isFiltered.value && id !== undefined && id !== opened.value?.id;
});

/** The trace beside the open one. The filter does not hide it. */
export const compared: ReadonlySignal<ViewedTrace | undefined> = computed(() => {
  const { kind, other } = address.value;
  if (changes.value === 0 || other === undefined) return undefined;
  const { traces, conversations } = store.lists({ words: '', onlyErrors: false });
  return [...traces, ...conversations].find((entry) => isSameEntry(entry, { kind, id: other }))?.trace;
});

/** What the calls of the listed traces used. */
export const totals: ReadonlySignal<readonly CallTotals[]> = computed(() =>
  callTotals(lists.value?.traces.map(({ trace }) => trace) ?? []),
);

/** The rows that the reader has collapsed (`true`) or expanded (`false`), by id. */
export const folds: Signal<ReadonlyMap<string, boolean>> = signal(new Map());

export type PanelName = 'timeline' | 'chat' | 'span';
/** The panel that the reader has chosen, with the trace for which it was. */
const chosenPanel = signal<{ readonly name: PanelName; readonly trace: string | undefined } | undefined>(
  undefined,
);

interface ActiveRow {
  readonly id: string;
  readonly focus: boolean;
}

/** The row that the tab key reaches. The timeline scrolls to it, and may focus it. */
export const active: Signal<ActiveRow | undefined> = signal();

export const omitted: ReadonlySignal<number> = computed(() => data.omitted + (opened.value?.omitted ?? 0));

/** Who spoke when, for each realtime session of the open trace. */
export const voices: ReadonlySignal<ReadonlyMap<Row, Voice>> = computed(
  () => new Map(opened.value?.trace.summary.voices.map((voice) => [voice.session, voice] as const)),
);

export const rowsById: ReadonlySignal<ReadonlyMap<string, Row>> = computed(
  () => new Map(opened.value?.trace.rows.map((row) => [row.id, row])),
);

export const selected: ReadonlySignal<Row | undefined> = computed(() => {
  const { span, id, kind } = address.value;
  const isOpen = id === undefined || isSameEntry({ id, kind }, opened.value);
  return span !== undefined && isOpen ? rowsById.value.get(span) : undefined;
});

export const foundRows: ReadonlySignal<ReadonlySet<Row>> = computed(() =>
  findRows(opened.value?.trace.rows ?? [], filter.value),
);

export const panel: ReadonlySignal<PanelName> = computed(() => {
  const isChosen = chosenPanel.value?.trace === opened.value?.id;
  const chosen = (isChosen ? chosenPanel.value?.name : undefined) ?? (isWide.value ? 'chat' : 'timeline');
  if (!isWide.value || chosen !== 'timeline') return chosen;
  return selected.value === undefined ? 'chat' : 'span';
});

export function showPanel(name: PanelName): void {
  chosenPanel.value = { name, trace: opened.peek()?.id };
}

type NamedEntry = Pick<TraceEntry, 'kind' | 'id'>;

export function isSameEntry(a: NamedEntry | undefined, b: NamedEntry | undefined): boolean {
  return a !== undefined && a.id === b?.id && a.kind === b.kind;
}
