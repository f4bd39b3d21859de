import { computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { firstChunkOf } from '../span-details.ts';
import { type SpanUsage, spanUsage, totalUsage } from '../span-usage.ts';
import { asksForConversation, patternOf, rowsAbove, withRowsBelow } from '../trace-filter.ts';
import { type TraceEntry, type TraceLists, TraceStore } from '../trace-store.ts';
import type { TraceSummary } from '../trace-summary.ts';
import type { Row } from '../tree.ts';
import { millisecondsBetween, type ViewedSpan } from '../viewed-span.ts';
import type { ViewedTrace } from '../viewed-trace.ts';
import { isWide } from './layout.tsx';
import { runInSlices } from './slices.ts';

type LinkPart =
  | 'list'
  | 'trace'
  | 'span'
  | 'tab'
  | 'filter'
  | 'sort'
  | 'with'
  | 'totals'
  | 'column'
  | 'conversation';

/** What the page shows, as written in the fragment of its address: `#trace=…&span=…&filter=…`. */
export const address: Signal<URLSearchParams> = signal(readAddress());

addEventListener('popstate', () => {
  isComparing.value = false;
  address.value = readAddress();
});

function readAddress(): URLSearchParams {
  return new URLSearchParams(location.hash.slice(1));
}

/** Changes the address; `undefined` removes a part. With `ownStep`, going back undoes only this change. */
export function go(changes: { readonly [part in LinkPart]?: string | undefined }, ownStep: boolean): void {
  const next = new URLSearchParams(address.peek());
  for (const [part, value] of Object.entries(changes)) {
    if (value === undefined) next.delete(part);
    else next.set(part, value);
  }
  const link = `#${next}`;
  if (link !== (location.hash || '#')) history[ownStep ? 'pushState' : 'replaceState'](null, '', link);
  address.value = next;
}

interface PageData {
  readonly spans: readonly ViewedSpan[];
  readonly omitted: number;
  /** Whether the page receives its spans from the server that it comes from. */
  readonly live?: boolean;
}

const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as PageData;
export const isLive: boolean = data.live === true;
export const store: TraceStore = new TraceStore(isLive);
store.add(data.spans);

/** Grows whenever the views must be computed again. It is 0 while a live page waits for its first answer. */
export const changes: Signal<number> = signal(isLive ? 0 : 1);

/** The id of the trace that the address names. */
export const namedId: ReadonlySignal<string | undefined> = computed(
  () => address.value.get('trace') || undefined,
);

/** The filter as the reader has typed it. */
export const typedFilter: ReadonlySignal<string> = computed(() => address.value.get('filter') ?? '');

export const lists: Signal<TraceLists | undefined> = signal();
// A long search goes on after each slice of time, so that the page stays responsive.
effect(() => {
  const { value: filter } = typedFilter;
  if (changes.value === 0) return undefined;
  return runInSlices(store.search(filter), (found) => {
    lists.value = found;
  });
});

/** The filter that the page shows the result of. */
export const filterWords: ReadonlySignal<string> = computed(() => lists.value?.filter ?? '');
export const isFiltered: ReadonlySignal<boolean> = computed(() => filterWords.value.trim() !== '');

/** Finds what the filter asks for, to mark it. */
export const foundPattern: ReadonlySignal<RegExp | undefined> = computed(() => patternOf(filterWords.value));

export const hasList: ReadonlySignal<boolean> = computed(() => isLive || (lists.value?.total ?? 0) > 1);

type EntryOrder = (a: TraceSummary, b: TraceSummary) => number;

export const ORDERS: Readonly<Record<string, readonly [label: string, compare: EntryOrder]>> = {
  '': ['Newest', () => 0],
  duration: ['Longest', (a, b) => millisecondsBetween(b.start, b.end) - millisecondsBetween(a.start, a.end)],
  cost: ['Costliest', (a, b) => (b.cost ?? 0) - (a.cost ?? 0)],
  errors: ['Most errors', (a, b) => b.errors.length - a.errors.length],
};

/** Orders that list calls instead of traces, the largest first. */
export const CALL_ORDERS: Readonly<
  Record<string, readonly [label: string, amountOf: (span: ViewedSpan) => number | undefined]>
> = {
  'call-cost': ['Most expensive call', ({ attributes }) => spanUsage(attributes).cost],
  'call-first': ['Slowest first token', ({ attributes }) => firstChunkOf(attributes)],
  'call-duration': ['Slowest call', ({ start, end }) => millisecondsBetween(start, end)],
};

export const order: ReadonlySignal<string> = computed(() => {
  const named = address.value.get('sort') ?? '';
  return Object.hasOwn(ORDERS, named) || Object.hasOwn(CALL_ORDERS, named) ? named : '';
});

export const listedEntries: ReadonlySignal<readonly TraceEntry[]> = computed(() => {
  const entries = lists.value?.traces ?? [];
  const [, compare = () => 0] = ORDERS[order.value] ?? [];
  return entries.toSorted((a, b) => compare(a.trace.summary, b.trace.summary));
});

/** An entry of the list: a trace, or one of its calls. */
export interface ListedItem {
  readonly entry: TraceEntry;
  readonly call?: Row;
}

export const listedItems: ReadonlySignal<readonly ListedItem[]> = computed(() => {
  const { value: entries } = listedEntries;
  const [, amountOf] = CALL_ORDERS[order.value] ?? [];
  if (amountOf === undefined) return entries.map((entry) => ({ entry }));
  const calls = entries.flatMap((entry) => {
    const found = entry.foundRows && withRowsBelow(entry.foundRows);
    return entry.trace.summary.calls
      .filter((call) => found?.has(call) ?? true)
      .map((call) => ({ entry, call, amount: amountOf(call.span) ?? 0 }));
  });
  return calls.filter(({ amount }) => amount > 0).sort((a, b) => b.amount - a.amount);
});

/** What all listed traces have used. */
export const listedUsage: ReadonlySignal<SpanUsage> = computed(() =>
  totalUsage(listedEntries.value.map(({ trace }) => trace.summary)),
);

/** The id of the open entry, which stays open if the address names an entry that is not listed. */
let lastOpenedId: string | undefined;

/** The entry that the address names. If that is not listed, the one that is open already, or else the first. */
export const opened: ReadonlySignal<TraceEntry | undefined> = computed(() => {
  const { value: entries } = listedEntries;
  const wanted = namedId.value === undefined ? [] : [namedId.value, lastOpenedId];
  const listed = wanted.flatMap((wantedId) => entries.find(({ id }) => id === wantedId) ?? []);
  const [entry = entries[0]] = listed;
  lastOpenedId = entry?.id;
  return entry;
});

/** The open trace. It is the same object until its spans change. */
export const openTrace: ReadonlySignal<ViewedTrace | undefined> = computed(() => opened.value?.trace);
export const openId: ReadonlySignal<string | undefined> = computed(() => openTrace.value?.traceId);

const isOtherOpen = computed(() => namedId.value !== undefined && namedId.value !== opened.value?.id);

/** Whether the address names a trace that does not exist here, so that another one is shown. */
export const isMissing: ReadonlySignal<boolean> = computed(
  () => lists.value !== undefined && !isFiltered.value && isOtherOpen.value,
);

/** Whether the totals of all listed traces are shown. */
export const isTotals: ReadonlySignal<boolean> = computed(() => address.value.has('totals'));

/** Whether the next entry that the reader chooses is compared with the open one. Going back ends this. */
export const isComparing: Signal<boolean> = signal(false);

/** The trace that is compared with the open one. The filter does not hide it. */
export const compared: ReadonlySignal<ViewedTrace | undefined> = computed(() => {
  const other = address.value.get('with');
  if (changes.value === 0 || other === null) return undefined;
  return store.lists('').traces.find(({ id }) => id === other)?.trace;
});

/** Whether the listed traces are shown as one conversation, until the reader chooses a trace. */
export const isConversation: ReadonlySignal<boolean> = computed(() => {
  const isChosen = namedId.value !== undefined && !address.value.has('conversation');
  return hasConversation.value && !isChosen && !isTotals.value;
});

/** Whether several traces are listed that belong to one conversation, or to one user. */
export const hasConversation: ReadonlySignal<boolean> = computed(
  () => asksForConversation(filterWords.value) && listedEntries.value.length > 1,
);

/** What the reader has collapsed (`true`) or expanded (`false`): all rows below the roots, or rows by id. */
export const folds: Signal<{ readonly all?: boolean; readonly rows: ReadonlyMap<string, boolean> }> = signal({
  rows: new Map(),
});
// `all` is about one trace with one filter. Another trace or filter resets it.
effect(() => {
  openId.value;
  filterWords.value;
  folds.value = { rows: folds.peek().rows };
});

/** The row that the tab key reaches. The timeline scrolls to the row, and focuses it if `focus` is set. */
export const active: Signal<{ readonly id: string; readonly focus: boolean } | undefined> = signal();

export const omitted: ReadonlySignal<number> = computed(() => data.omitted + (opened.value?.omitted ?? 0));

export const rowsById: ReadonlySignal<ReadonlyMap<string, Row>> = computed(
  () => new Map(openTrace.value?.rows.map((row) => [row.id, row])),
);

/** The spans that the filter finds, and what is below them. */
export const foundRows: ReadonlySignal<ReadonlySet<Row>> = computed(() => {
  const { value: entry } = opened;
  return withRowsBelow(entry?.foundRows ?? new Set(entry?.trace.rows));
});

/** The spans that the filter does not hide: those that it finds, and those above them. */
export const shownRows: ReadonlySignal<ReadonlySet<Row>> = computed(
  () => new Set([...foundRows.value, ...rowsAbove(foundRows.value)]),
);

export const selected: ReadonlySignal<Row | undefined> = computed(() => {
  const row = rowsById.value.get(address.value.get('span') ?? '');
  return row === undefined || isOtherOpen.value || !shownRows.value.has(row) ? undefined : row;
});

export type PanelName = 'timeline' | 'chat' | 'span';

/** The panels, of which one is shown. With room for it, the timeline is beside them. */
export const panelNames: ReadonlySignal<readonly [PanelName, ...PanelName[]]> = computed(() =>
  isWide.value ? ['chat', 'span'] : ['timeline', 'chat', 'span'],
);

/** The panel that the address names, or else that of the selected span, or else the first. */
export const panel: ReadonlySignal<PanelName> = computed(() => {
  const { value: names } = panelNames;
  const named = names.find((name) => name === address.value.get('tab'));
  return named ?? (selected.value === undefined ? names[0] : 'span');
});
