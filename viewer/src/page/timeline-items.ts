import { computed, type ReadonlySignal } from '@preact/signals';
import { costOf, formatDuration, formatMilliseconds, grouped } from '../format-amounts.ts';
import * as ATTR from '../semconv/attributes.ts';
import { firstChunkText, spanFacts } from '../span-details.ts';
import {
  attributeSum,
  reportedTotal,
  type SpanUsage,
  spanUsage,
  totalTokens,
  totalUsage,
} from '../span-usage.ts';
import type { Row } from '../tree.ts';
import { kindOf } from '../viewed-span.ts';
import { criticalPath } from './critical-path.ts';
import { hasRoomForList, timelineWidth, windowHeight } from './layout.tsx';
import { folds, hasList, isFiltered, isLive, openTrace, shownRows } from './state.ts';
import { spanTime, type TimeRange } from './time-axis.ts';

/** A row of the timeline: one span, or a group of consecutive siblings of the same kind. */
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
  /** The number of children of the row that the filter hides. */
  readonly hidden: number;
}

const MIN_GROUP = 5;
/** If a trace has more spans than this, only its upper levels are open at first. */
const MAX_OPEN_SPANS = 200;
const OPEN_DEPTH = 1;

/** The height of a row, and of what is above the rows, in pixels. */
const ROW_HEIGHT = 28;
const HEIGHT_ABOVE = 300;

/** Whether all rows of the open trace fit on the screen, so that none needs to be folded. */
const isRoomy = computed(
  () => (openTrace.value?.rows.length ?? 0) * ROW_HEIGHT <= windowHeight.value - HEIGHT_ABOVE,
);

/** Siblings in groups. A row that belongs to no group is a group of one. */
function groupsOf(siblings: readonly Row[]): Row[][] {
  if (isRoomy.value) return siblings.map((row) => [row]);
  const runs: Row[][] = [];
  for (const row of siblings) {
    const run = runs.at(-1);
    if (run?.[0] !== undefined && kindOf(run[0].span) === kindOf(row.span)) run.push(row);
    else runs.push([row]);
  }
  return runs.flatMap((run) => (run.length < MIN_GROUP ? run.map((row) => [row]) : [run]));
}

function idOf(rows: readonly Row[]): string {
  const id = rows[0]?.id ?? '';
  return rows.length > 1 ? `${id} group` : id;
}

/** The ids of all items that must be expanded for a row to be visible. */
export function idsAbove(row: Row | undefined): string[] {
  const ids: string[] = [];
  for (let each = row; each !== undefined; each = each.parent) {
    const siblings = each.parent?.children ?? openTrace.peek()?.roots ?? [];
    const group = groupsOf(siblings).find((rows) => rows.length > 1 && rows.includes(each as Row));
    if (group !== undefined) ids.push(idOf(group));
    if (each.parent !== undefined) ids.push(each.parent.id);
  }
  return ids;
}

/** Whether an item is collapsed and expanded with all others. Roots stay open. */
export function isBelowRoot({ depth, isGroup }: Pick<TimelineItem, 'depth' | 'isGroup'>): boolean {
  return depth > 1 || isGroup;
}

/** The rows of the timeline from top to bottom. With a filter, there are no groups. */
export const timelineItems: ReadonlySignal<readonly TimelineItem[]> = computed(() => {
  const { roots = [], rows: all = [] } = openTrace.value ?? {};
  const isLarge = all.length > MAX_OPEN_SPANS;
  const items: TimelineItem[] = [];
  // A stack: the last entry is handled next. No recursion, because a trace can be thousands of levels deep.
  const pending: Pick<TimelineItem, 'rows' | 'depth' | 'parent'>[] = [];
  const push = (groups: readonly (readonly Row[])[], depth: number, parent?: string): void => {
    for (const rows of groups.toReversed()) pending.push({ rows, depth, parent });
  };
  const shownIn = (siblings: readonly Row[]): readonly (readonly Row[])[] =>
    isFiltered.value
      ? siblings.filter((each) => shownRows.value.has(each)).map((each) => [each])
      : groupsOf(siblings);
  push(shownIn(roots), 1);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { rows, depth } = next;
    const [row] = rows;
    if (row === undefined) continue;
    const id = idOf(rows);
    const isGroup = rows.length > 1;
    const below = isGroup ? rows.map((each) => [each]) : shownIn(row.children);
    const isClosedAtFirst = !isFiltered.value && (isGroup || (isLarge && depth > OPEN_DEPTH));
    const isClosed =
      folds.value.rows.get(id) ??
      (isBelowRoot({ depth, isGroup }) ? folds.value.all : undefined) ??
      isClosedAtFirst;
    items.push({
      ...next,
      id,
      row,
      isGroup,
      isClosed: below.length > 0 ? isClosed : undefined,
      hidden: isFiltered.value ? row.children.length - below.length : 0,
    });
    if (!isClosed) push(below, depth + 1, id);
  }
  return items;
});

const usages: ReadonlySignal<ReadonlyMap<Row, SpanUsage>> = computed(() => {
  const sums = new Map<Row, SpanUsage>();
  // In reverse, because parents come before their children and need their sums.
  for (const row of openTrace.value?.rows.toReversed() ?? []) {
    const below = row.children.flatMap((child) => sums.get(child) ?? []);
    sums.set(row, totalUsage([spanUsage(row.span.attributes), ...below]));
  }
  return sums;
});

function usageOf({ rows }: TimelineItem): SpanUsage {
  return totalUsage(rows.flatMap((row) => usages.value.get(row) ?? []));
}

/** The tokens of the span itself, or else its total, or else the sum of the spans below it. */
function tokensText(item: TimelineItem): string | undefined {
  const { attributes } = item.row.span;
  const sum = totalTokens(usageOf(item));
  const total = reportedTotal(attributes) ?? sum;
  const shown = item.isGroup ? sum : (totalTokens(spanUsage(attributes)) ?? (total && `Σ ${total}`));
  return shown?.replace(' tokens', '');
}

function costText(item: TimelineItem): string | undefined {
  const attributes = item.isGroup ? {} : item.row.span.attributes;
  const { cost, unpriced } = usageOf(item);
  return (
    costOf(attributes[ATTR.OPENAI_COST], 0) ??
    costOf(attributes[ATTR.OPENAI_TOTAL_COST], attributes[ATTR.OPENAI_TOTAL_UNPRICED]) ??
    costOf(cost, unpriced)
  );
}

export function itemTime({ rows }: TimelineItem): TimeRange {
  const times = rows.map(({ span }) => spanTime(span));
  return {
    from: times.reduce((first, { from }) => Math.min(first, from), Number.POSITIVE_INFINITY),
    to: times.reduce((last, { to }) => Math.max(last, to), Number.NEGATIVE_INFINITY),
  };
}

function timeText(item: TimelineItem): string {
  const { from, to } = itemTime(item);
  return formatMilliseconds(to - from);
}

function cachedText({ rows, isGroup, row }: TimelineItem): string | undefined {
  const all = (isGroup ? rows : [row]).map(({ span }) => span.attributes);
  const cached = attributeSum(all, ATTR.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS);
  return cached ? grouped(cached) : undefined;
}

function firstTokenText({ isGroup, row }: TimelineItem): string | undefined {
  return isGroup ? undefined : firstChunkText(row.span.attributes);
}

type NumberColumn = readonly [
  label: string,
  textOf: (item: TimelineItem) => string | undefined,
  /** The width of the timeline, in pixels, from which the column leaves room for names and bars. */
  minWidth?: number,
];

const NUMBER_COLUMNS: readonly NumberColumn[] = [
  ['Tokens', tokensText],
  ['Cached', cachedText, 680],
  ['Cost', costText],
  ['First token', firstTokenText, 600],
  ['Time', timeText],
];

/** The width that the list takes beside the timeline, in pixels. */
const LIST_WIDTH = 344;
/** The maximum number of rows that are searched for numbers. Parents, which have sums, come first. */
const MAX_SEARCHED = 1_000;

/** The columns that have a number. A live page has all of them: one that appears late would move the bars. */
const filledColumns = computed(() => {
  const searched = timelineItems.value.slice(0, MAX_SEARCHED);
  return NUMBER_COLUMNS.filter(([, textOf]) => isLive || searched.some((item) => textOf(item) !== undefined));
});

/** How many widths of columns there is room for. It changes seldom, unlike the width. */
const room = computed(() => {
  const listWidth = hasList.value && hasRoomForList.value ? LIST_WIDTH : 0;
  const width = timelineWidth.value || (innerWidth - listWidth) / 2;
  return NUMBER_COLUMNS.filter(([, , minWidth = 0]) => width >= minWidth).length;
});

/** The columns of numbers that are not empty, and that there is room for: the widest timeline has all of them. */
export const numberColumns: ReadonlySignal<readonly NumberColumn[]> = computed(() => {
  const widest =
    NUMBER_COLUMNS.map(([, , minWidth = 0]) => minWidth).toSorted((a, b) => a - b)[room.value - 1] ?? 0;
  return filledColumns.value.filter(([, , minWidth = 0]) => minWidth <= widest);
});

/** What is known of a span, for its panel, and for the pointer above its bar. */
export function factsOf(row: Row): (readonly [label: string, value: string])[] {
  const { start, end } = row.span;
  return [
    ['Duration', formatDuration(start, end)],
    ...spanFacts(row).flatMap(({ label, text }) => (label === undefined ? [] : [[label, text] as const])),
    ['Starts after', formatMilliseconds(spanTime(row.span).from)],
    ['Critical path', criticalPath.value.has(row) ? 'the end waited for it' : 'no'],
  ];
}
