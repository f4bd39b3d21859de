import { batch, computed, effect, type ReadonlySignal, untracked } from '@preact/signals';
import { conversationTermFor, exactTerm } from '../filter-terms.ts';
import { asksForConversation } from '../trace-filter.ts';
import type { Row } from '../tree.ts';
import { hasRoomForList } from './layout.tsx';
import {
  active,
  address,
  folds,
  go,
  isComparing,
  isLive,
  listedItems,
  namedId,
  opened,
  openId,
  openTrace,
  rowsById,
  selected,
  shownRows,
  typedFilter,
} from './state.ts';
import { zoom } from './time-axis.ts';
import { idsAbove, isBelowRoot, itemTime, type TimelineItem, timelineItems } from './timeline-items.ts';

const selectedId = computed(() => selected.value?.id);
// A link also selects a span, and so does going back.
effect(() => {
  const { value: id } = selectedId;
  if (id !== undefined) untracked(() => showSpan(id, false));
});

function showSpan(id: string, focus: boolean): void {
  batch(() => {
    fold(idsAbove(rowsById.value.get(id)), false);
    active.value = { id, focus };
  });
}

const NOTHING_OPEN = {
  list: undefined,
  span: undefined,
  tab: undefined,
  with: undefined,
  totals: undefined,
  conversation: undefined,
};

/** Shows the list, if it is not beside the open trace. */
export function showList(): void {
  go({ list: '' }, true);
}

/** Opens a trace, at one of its calls if that is given, or compares it with the open one if the reader asked for that. */
export function choose(id: string, call?: Row): void {
  if (isComparing.value) compareWith(id);
  else openById(id, call);
}

export function openById(id: string, call?: Row): void {
  go({ ...NOTHING_OPEN, trace: id, span: call?.id }, true);
}

/** Opens the trace or call that is so many places below the open one in the list. */
export function openNeighbor(offset: number): void {
  const { value: items } = listedItems;
  // Without room for the list beside the trace, none is open until the reader chooses one.
  const isOpen = hasRoomForList.value || namedId.value !== undefined;
  const place = items.findIndex(
    ({ entry, call }) => isOpen && entry.id === opened.value?.id && (!call || call.id === selected.value?.id),
  );
  const item = items[place < 0 ? 0 : place + offset];
  if (item === undefined) return;
  openById(item.entry.id, item.call);
  requestAnimationFrame(() =>
    document.querySelector('nav [aria-current]')?.scrollIntoView({ block: 'nearest' }),
  );
}

/** Keeps the open trace open while newer ones arrive. */
export function pinOpen(): void {
  if (isLive && namedId.value === undefined) go({ trace: opened.value?.id }, false);
}

/** Lets the reader choose in the list what to compare with the open trace. */
export function startComparing(): void {
  isComparing.value = true;
  if (!hasRoomForList.value) showList();
}

/** Going back from the comparison leads to the open trace, not to the choice. */
function compareWith(id: string): void {
  isComparing.value = false;
  const isList = address.peek().has('list');
  go({ trace: opened.value?.id, list: undefined, with: id, totals: undefined }, !isList);
}

/** Leaves a comparison, or the choice for it. */
export function stopComparing(): void {
  if (isComparing.value) go({ list: undefined }, false);
  else if (address.peek().has('with')) go({ with: undefined }, true);
  isComparing.value = false;
}

/** Opens a span of one of two compared traces. */
export function openStep(traceId: string, { id }: Row): void {
  go({ ...NOTHING_OPEN, trace: traceId, span: id }, true);
}

export function showTotals(isShown: boolean): void {
  go({ list: undefined, totals: isShown ? '' : undefined, with: undefined }, true);
}

/** Sets the filter. Going back returns to what was shown before, instead of undoing letter by letter. */
export function setFilter(words: string): void {
  const isConversation = asksForConversation(words) && !asksForConversation(typedFilter.peek());
  const changes = { ...(isConversation && { conversation: '' }), filter: words || undefined };
  go(changes, (words === '') === address.peek().has('filter'));
}

/** Shows the listed traces as one conversation. */
export function showConversation(): void {
  go({ ...NOTHING_OPEN, conversation: '' }, true);
}

/** @param inConversation whether the conversation stays open, and scrolls to the span */
export function select(row: Row, inConversation: boolean = false): void {
  const isHidden = row.span.traceId === openId.value && !shownRows.value.has(row);
  const tab = inConversation ? 'chat' : undefined;
  const shown = { trace: row.span.traceId, span: row.id, tab, conversation: undefined };
  // If no span was selected before, going back closes this one.
  go(isHidden ? { ...shown, filter: undefined } : shown, selected.value === undefined);
  showSpan(row.id, true);
}

export function selectNextError(): void {
  const errors = openTrace.value?.summary.errors ?? [];
  const { value: row } = selected;
  const next = errors[((row === undefined ? -1 : errors.indexOf(row)) + 1) % errors.length];
  if (next !== undefined) select(next);
}

/** Lists the traces that a term finds, among those that are listed now. */
export function listBy(term: string): void {
  const { value: words } = typedFilter;
  const filter = words.includes(term) ? words : `${words} ${term}`.trim();
  go({ ...NOTHING_OPEN, list: '', trace: undefined, filter }, true);
}

/** @param name the attribute that has the id. The id of a conversation or user leads to its conversation */
export function filterBy(name: string, id: string): void {
  const term = conversationTermFor(name);
  if (term === undefined) setFilter(id);
  else go({ conversation: '', filter: exactTerm(term, id) }, true);
  focusFilter();
}

function fold(ids: readonly string[], close: boolean): void {
  const { value: before } = folds;
  folds.value = { ...before, rows: new Map([...before.rows, ...ids.map((id) => [id, close] as const)]) };
}

export function toggle({ id, isClosed }: TimelineItem): void {
  fold([id], isClosed === false);
}

export const isAnyOpen: ReadonlySignal<boolean> = computed(() =>
  timelineItems.value.some((item) => item.isClosed === false && isBelowRoot(item)),
);

export function toggleAll(): void {
  folds.value = { all: isAnyOpen.value, rows: new Map() };
}

/** Zooms to the row that the reader selected or reached last. If the timeline is zoomed, zooms out. */
export function toggleZoom(): void {
  const item = timelineItems.value.find(({ id }) => id === active.value?.id);
  const time = item && itemTime(item);
  zoom.value = zoom.value === undefined && time && time.to > time.from ? time : undefined;
}

export const FILTER_ID = 'filter';

export function focusFilter(): void {
  document.getElementById(FILTER_ID)?.focus();
}
