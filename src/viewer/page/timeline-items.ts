import { computed, type ReadonlySignal } from '@preact/signals';
import * as ATTR from '../../semconv/attributes.ts';
import { costOf, formatMilliseconds } from '../amounts.ts';
import type { Row } from '../tree.ts';
import {
  addedUsage,
  NOTHING_USED,
  ownTokens,
  reportedTotal,
  type SpanUsage,
  spanUsage,
  totalTokens,
} from '../usage.ts';
import { folds, foundRows, isFiltered, opened } from './state.ts';
import { spanTime, type TimeRange } from './time-axis.ts';

/** A row of the timeline. It stands for one span, or for several siblings of the same kind in a row. */
export interface TimelineItem {
  readonly id: string;
  readonly depth: number;
  readonly parent: string | undefined;
  /** The span, or the first span of a group. */
  readonly row: Row;
  readonly rows: readonly Row[];
  readonly isGroup: boolean;
  /** Whether the item is collapsed; `undefined` if there is nothing below it. */
  readonly isClosed: boolean | undefined;
  readonly hidden: number;
}

/** So many siblings of the same kind, one after the other, become one row. */
const MIN_GROUP = 5;
/** If a trace has more spans than this, only its upper levels are open at first. */
const MAX_OPEN_SPANS = 200;
const OPEN_DEPTH = 1;

function childrenOf(parent: Row | undefined): readonly Row[] {
  return (parent === undefined ? opened.value?.trace.roots : parent.children) ?? [];
}

/** The rows below each row, in groups. A row that belongs to no group is a group of one. */
const groupsBelow = computed(
  () =>
    new Map(
      [undefined, ...(opened.value?.trace.rows ?? [])].map((row) => [row, siblingGroups(childrenOf(row))]),
    ),
);

function siblingGroups(siblings: readonly Row[]): Row[][] {
  const runs: Row[][] = [];
  for (const row of siblings) {
    const run = runs.at(-1);
    if (run?.[0] !== undefined && kindOf(run[0]) === kindOf(row)) run.push(row);
    else runs.push([row]);
  }
  return runs.flatMap((run) => (run.length < MIN_GROUP ? run.map((row) => [row]) : [run]));
}

export function kindOf({ span }: Row): string {
  const operation = span.attributes[ATTR.GEN_AI_OPERATION_NAME];
  return typeof operation === 'string' ? operation : span.name;
}

const groupIds: ReadonlySignal<ReadonlyMap<Row, string>> = computed(() => {
  const groups = [...groupsBelow.value.values()].flat().filter(({ length }) => length > 1);
  return new Map(groups.flatMap((group) => group.map((row) => [row, `${group[0]?.id} group`] as const)));
});

/** The ids of all items that must be expanded for a row to be visible. */
export function idsAbove(row: Row | undefined): string[] {
  const ids: string[] = [];
  for (let each = row; each !== undefined; each = each.parent) {
    if (each !== row) ids.push(each.id);
    const group = groupIds.peek().get(each);
    if (group !== undefined) ids.push(group);
  }
  return ids;
}

/** The ids of all items that can be collapsed, except roots. */
export function idsToClose(): string[] {
  const rows = opened.peek()?.trace.rows ?? [];
  const parents = rows.filter(({ children, parent }) => children.length > 0 && parent !== undefined);
  return [...parents.map(({ id }) => id), ...new Set(groupIds.peek().values())];
}

/** Whether an item is collapsed: as the reader chose, or else by default if it is a group, or deep in a large trace. */
function isClosed(id: string, row: Row): boolean {
  const isLarge = (opened.value?.trace.rows.length ?? 0) > MAX_OPEN_SPANS && !isFiltered.value;
  return folds.value.get(id) ?? (id !== row.id || (isLarge && row.depth > OPEN_DEPTH));
}

const wantedRows = computed(() => {
  const wanted = new Set<Row>();
  for (const row of foundRows.value)
    for (let each: Row | undefined = row; each !== undefined && !wanted.has(each); each = each.parent)
      wanted.add(each);
  return wanted;
});

/** The rows of the timeline from top to bottom. With a filter, there are no groups. */
export const timelineItems: ReadonlySignal<readonly TimelineItem[]> = computed(() => {
  const items: TimelineItem[] = [];
  const shownBelow = (parent: Row | undefined): readonly (readonly Row[])[] => {
    if (!isFiltered.value) return groupsBelow.value.get(parent) ?? [];
    return childrenOf(parent).flatMap((row) => (wantedRows.value.has(row) ? [[row]] : []));
  };
  // A stack: the last entry is handled next. No recursion, because a trace can be thousands of levels deep.
  const pending: Pick<TimelineItem, 'rows' | 'depth' | 'parent'>[] = [];
  const push = (groups: readonly (readonly Row[])[], depth: number, parent?: string): void => {
    for (const rows of groups.toReversed()) pending.push({ rows, depth, parent });
  };
  push(shownBelow(undefined), 1);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { rows, depth } = next;
    const [row] = rows;
    if (row === undefined) continue;
    const isGroup = rows.length > 1;
    const id = isGroup ? (groupIds.value.get(row) ?? row.id) : row.id;
    const below = isGroup ? rows.map((each) => [each]) : shownBelow(row);
    const hidden = isFiltered.value ? row.children.length - below.length : 0;
    const isItemClosed = below.length === 0 ? undefined : isClosed(id, row);
    items.push({ ...next, id, row, isGroup, isClosed: isItemClosed, hidden });
    if (isItemClosed === false) push(below, depth + 1, id);
  }
  return items;
});

const usages: ReadonlySignal<ReadonlyMap<Row, SpanUsage>> = computed(() => {
  const sums = new Map<Row, SpanUsage>();
  // In reverse, because parents come before their children and need their sums.
  for (const row of (opened.value?.trace.rows ?? []).toReversed()) {
    const usage = addedUsage(spanUsage(row.span.attributes), sums.get(row) ?? NOTHING_USED);
    sums.set(row, usage);
    if (row.parent !== undefined)
      sums.set(row.parent, addedUsage(usage, sums.get(row.parent) ?? NOTHING_USED));
  }
  return sums;
});

function usageOf({ rows }: TimelineItem): SpanUsage {
  return rows.map((row) => usages.value.get(row) ?? NOTHING_USED).reduce(addedUsage, NOTHING_USED);
}

/** The tokens of the span itself, or else the sum of the spans below it, or else an estimate. */
export function tokensText(item: TimelineItem): string | undefined {
  const { attributes } = item.row.span;
  const sum = totalTokens(usageOf(item));
  const total = reportedTotal(attributes) ?? sum;
  const shown = item.isGroup ? sum : (ownTokens(attributes) ?? (total && `Σ ${total}`));
  return shown?.replace(' tokens', '');
}

/** The cost of the span itself, or else its total, or else the sum of the spans below it. */
export function costText(item: TimelineItem): string | undefined {
  const { attributes } = item.row.span;
  const { cost, unpriced } = usageOf(item);
  const own = item.isGroup ? undefined : costOf(attributes[ATTR.OPENAI_COST], 0);
  const total = item.isGroup
    ? undefined
    : costOf(attributes[ATTR.OPENAI_TOTAL_COST], attributes[ATTR.OPENAI_TOTAL_UNPRICED]);
  return own ?? total ?? costOf(cost, unpriced);
}

export function itemTime({ rows }: TimelineItem): TimeRange {
  const times = rows.map(({ span }) => spanTime(span));
  return {
    from: times.reduce((first, { from }) => Math.min(first, from), Number.POSITIVE_INFINITY),
    to: times.reduce((last, { to }) => Math.max(last, to), Number.NEGATIVE_INFINITY),
  };
}

export function timeText(item: TimelineItem): string {
  const { from, to } = itemTime(item);
  return formatMilliseconds(to - from);
}
