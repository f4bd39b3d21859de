import { computed, type ReadonlySignal } from '@preact/signals';
import * as ATTR from '../../semconv/attributes.ts';
import type { Row } from '../tree.ts';
import { addedUsage, NOTHING_USED, type SpanUsage, spanUsage } from '../usage.ts';
import { folds, foundRows, isFiltered, opened } from './state.ts';

/** A row of the timeline: a span, or several of one kind that follow each other. */
export interface TimelineItem {
  readonly id: string;
  readonly depth: number;
  /** The item above. */
  readonly parent: string | undefined;
  /** The span, or the first of several. */
  readonly row: Row;
  readonly group: readonly Row[] | undefined;
  /** `undefined` if there is nothing below. */
  readonly isClosed: boolean | undefined;
  /** Children that the filter hides. */
  readonly hidden: number;
}

/** Siblings of one kind that follow each other are one row, from this number on. */
const MIN_GROUP = 5;
/** Of a trace with more spans, only the upper levels are open at first. */
const MAX_OPEN_SPANS = 200;
const OPEN_DEPTH = 1;

const childrenOf = computed(() => Map.groupBy(opened.value?.trace.rows ?? [], ({ parent }) => parent));

/** The groups that the rows are in. */
const groupIds: ReadonlySignal<ReadonlyMap<Row, string>> = computed(() => {
  const groups = new Map<Row, string>();
  for (const siblings of childrenOf.value.values())
    for (const run of runsOf(siblings)) {
      if (run.length < MIN_GROUP) continue;
      for (const row of run) groups.set(row, `${run[0]?.id} group`);
    }
  return groups;
});

/** Parts of a list whose rows are of one kind. */
function runsOf(rows: readonly Row[]): Row[][] {
  const runs: Row[][] = [];
  for (const row of rows) {
    const run = runs.at(-1);
    if (run?.[0] !== undefined && kindOf(run[0]) === kindOf(row)) run.push(row);
    else runs.push([row]);
  }
  return runs;
}

export function kindOf({ node: { span } }: Row): string {
  const operation = span.attributes[ATTR.GEN_AI_OPERATION_NAME];
  return typeof operation === 'string' ? operation : span.name;
}

/** The ids of all that must be open for a row to be seen. */
export function idsAbove(row: Row): string[] {
  const ids: string[] = [];
  for (let each: Row | undefined = row; each !== undefined; each = each.parent) {
    if (each !== row) ids.push(each.id);
    const group = groupIds.peek().get(each);
    if (group !== undefined) ids.push(group);
  }
  return ids;
}

/** Every id that can be closed, but for roots. */
export function idsToClose(): string[] {
  const rows = opened.peek()?.trace.rows ?? [];
  const parents = rows.filter(({ node, parent }) => node.children.length > 0 && parent !== undefined);
  return [...parents.map(({ id }) => id), ...new Set(groupIds.peek().values())];
}

/** Whether nothing below is shown: as the reader chose, or else because there is much of it. */
export function isClosed(id: string, row: Row): boolean {
  const isLarge = (opened.value?.trace.rows.length ?? 0) > MAX_OPEN_SPANS && !isFiltered.value;
  return folds.value.get(id) ?? (id !== row.id || (isLarge && row.depth > OPEN_DEPTH));
}

/** The rows that were found, with their ancestors. */
const wantedRows = computed(() => {
  const wanted = new Set<Row>();
  for (const row of foundRows.value)
    for (let each: Row | undefined = row; each !== undefined && !wanted.has(each); each = each.parent)
      wanted.add(each);
  return wanted;
});

/** What the timeline shows, from top to bottom. */
export const timelineItems: ReadonlySignal<readonly TimelineItem[]> = computed(() => {
  const items: TimelineItem[] = [];
  // The last is next. No recursion: a trace can be thousands of levels deep.
  const pending: { readonly run: readonly Row[]; readonly depth: number; readonly parent?: string }[] = [];
  const push = (rows: readonly Row[], depth: number, parent?: string): void => {
    const wanted = rows.filter((row) => wantedRows.value.has(row));
    const runs = isFiltered.value ? [wanted] : runsOf(wanted);
    for (const run of runs.toReversed()) {
      const isGroup = run.length >= MIN_GROUP && !isFiltered.value;
      for (const each of isGroup ? [run] : run.toReversed().map((row) => [row]))
        pending.push({ run: each, depth, ...(parent !== undefined && { parent }) });
    }
  };
  push(childrenOf.value.get(undefined) ?? [], 1);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { run, depth, parent } = next;
    const [row] = run;
    if (row === undefined) continue;
    if (run.length > 1) {
      const id = groupIds.value.get(row) ?? row.id;
      const isGroupClosed = isClosed(id, row);
      items.push({ id, depth, parent, row, group: run, isClosed: isGroupClosed, hidden: 0 });
      if (isGroupClosed) continue;
      for (const each of run.toReversed()) pending.push({ run: [each], depth: depth + 1, parent: id });
    } else {
      const children = childrenOf.value.get(row) ?? [];
      const shown = children.filter((child) => wantedRows.value.has(child)).length;
      const isRowClosed = shown === 0 ? undefined : isClosed(row.id, row);
      const hidden = children.length - shown;
      items.push({ id: row.id, depth, parent, row, group: undefined, isClosed: isRowClosed, hidden });
      if (isRowClosed === false) push(children, depth + 1, row.id);
    }
  }
  return items;
});

/** What spans used, each with all below it. */
const usages: ReadonlySignal<ReadonlyMap<Row, SpanUsage>> = computed(() => {
  const sums = new Map<Row, SpanUsage>();
  // Children come after their parents.
  for (const row of (opened.value?.trace.rows ?? []).toReversed()) {
    const usage = addedUsage(spanUsage(row.node.span.attributes), sums.get(row) ?? NOTHING_USED);
    sums.set(row, usage);
    if (row.parent !== undefined)
      sums.set(row.parent, addedUsage(usage, sums.get(row.parent) ?? NOTHING_USED));
  }
  return sums;
});

export function usageOf(rows: readonly Row[]): SpanUsage {
  return rows.map((row) => usages.value.get(row) ?? NOTHING_USED).reduce(addedUsage, NOTHING_USED);
}
