import { facetsOf } from './filter-terms.ts';
import { summarize, type TraceSummary } from './trace-summary.ts';
import { buildTrees, type TraceTree } from './tree.ts';
import type { ViewedSpan } from './viewed-span.ts';

export interface ViewedTrace extends TraceTree {
  readonly summary: TraceSummary;
  readonly title: string;
  readonly facets: readonly string[];
}

export function viewedTrace(traceId: string, spans: Iterable<ViewedSpan>): ViewedTrace {
  const [tree = { traceId, roots: [], rows: [] }] = buildTrees(spans);
  const title = tree.roots[0]?.span.name ?? '';
  return { ...tree, title, summary: summarize(tree), facets: facetsOf(tree.rows) };
}

/** Whether a trace looks unfinished: a span is open, or a parent is missing. Parents usually arrive last. */
export function isUnfinished({ roots, rows }: TraceTree): boolean {
  return roots.some(({ span }) => span.parentId !== undefined) || rows.some(({ span }) => span.isOpen);
}
