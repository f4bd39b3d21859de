import { computed, type ReadonlySignal } from '@preact/signals';
import { compareTimes, type Row, type SpanNode, type Time } from '../tree.ts';
import { opened } from './state.ts';

/** A part of a span's time. */
export interface TimePart {
  readonly from: Time;
  readonly to: Time;
}

/**
 * The parts of time in which nothing but one span delays the end of its trace. From the end back: a span waits for its
 * child that ended last, before that for the one that ended last before it began, and so on.
 */
export const criticalPath: ReadonlySignal<ReadonlyMap<SpanNode, readonly TimePart[]>> = computed(() => {
  const path = new Map<SpanNode, TimePart[]>();
  const roots = opened.value?.trace.tree.roots ?? [];
  const last = roots.reduce<SpanNode | undefined>(
    (a, b) => (a !== undefined && compareTimes(a.span.endTime, b.span.endTime) > 0 ? a : b),
    undefined,
  );
  // No recursion: a trace can be thousands of levels deep.
  const pending: { readonly node: SpanNode; readonly end: Time }[] = [];
  if (last !== undefined) pending.push({ node: last, end: last.span.endTime });
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node } = next;
    const parts: TimePart[] = [];
    let end = next.end;
    const byEnd = node.children.toSorted((a, b) => compareTimes(b.span.endTime, a.span.endTime));
    for (const child of byEnd) {
      const { startTime } = child.span;
      const isLate = compareTimes(child.span.endTime, end) > 0;
      // It went on after what came later had begun, so nothing waited for it. The last one may outlast its parent.
      if ((isLate && end !== next.end) || compareTimes(startTime, end) >= 0) continue;
      const endTime = isLate ? end : child.span.endTime;
      if (compareTimes(endTime, end) < 0) parts.push({ from: endTime, to: end });
      pending.push({ node: child, end: endTime });
      end = startTime;
    }
    if (compareTimes(node.span.startTime, end) < 0) parts.push({ from: node.span.startTime, to: end });
    path.set(node, parts);
  }
  return path;
});

/** Whether the end of a trace waited for a span. */
export function isCritical(row: Row): boolean {
  return criticalPath.value.has(row.node);
}
