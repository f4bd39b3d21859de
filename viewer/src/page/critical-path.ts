import { computed, type ReadonlySignal } from '@preact/signals';
import type { Row } from '../tree.ts';
import { openTrace } from './state.ts';
import { spanTime, type TimeRange } from './time-axis.ts';

/**
 * The critical path: for each of its spans, the times in which the end of the trace waited for that span
 * itself and for none of its children. It is found from the end backwards. A span waited for the child that
 * ended last; before this child began, it waited for the child that had ended last by then, and so on.
 */
export const criticalPath: ReadonlySignal<ReadonlyMap<Row, readonly TimeRange[]>> = computed(() => {
  const path = new Map<Row, TimeRange[]>();
  // No recursion, because a trace can be thousands of levels deep.
  const pending = latestFirst(openTrace.value?.roots ?? [])
    .slice(0, 1)
    .map((row) => ({ row, end: spanTime(row.span).to }));
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { row } = next;
    const parts: TimeRange[] = [];
    let { end } = next;
    for (const child of latestFirst(row.children)) {
      const { from, to } = spanTime(child.span);
      // The child was still running when the next part of the path began, so nothing waited for its end. The child that
      // ended last is an exception: it may outlast its parent.
      if ((to > end && end !== next.end) || from >= end) continue;
      if (to < end) parts.push({ from: to, to: end });
      pending.push({ row: child, end: Math.min(to, end) });
      end = from;
    }
    const { from } = spanTime(row.span);
    if (from < end) parts.push({ from, to: end });
    path.set(row, parts);
  }
  return path;
});

function latestFirst(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => spanTime(b.span).to - spanTime(a.span).to);
}
