import * as ATTR from '../semconv/attributes.ts';
import { attributeText } from './messages.ts';
import { facetsOf } from './trace-filter.ts';
import { summarize, type TraceSummary } from './trace-summary.ts';
import { buildTrees, type TraceTree } from './tree.ts';
import { isTranscription, type ViewedSpan } from './viewed-span.ts';

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

export function shownErrorType({ attributes }: ViewedSpan): string {
  return attributeText(attributes[ATTR.ERROR_TYPE] ?? 'error').slice(0, 100);
}

export function kindOf({ name, attributes }: ViewedSpan): string {
  return attributeText(attributes[ATTR.GEN_AI_OPERATION_NAME] ?? name);
}

export function typeOf(span: ViewedSpan): 'agent' | 'tool' | 'model' | 'conversation' | 'other' {
  const { name, attributes } = span;
  const operation = attributeText(attributes[ATTR.GEN_AI_OPERATION_NAME] ?? '');
  if (/_agent$/.test(operation)) return 'agent';
  if (operation === 'execute_tool' || operation === 'retrieval') return 'tool';
  if (operation !== '' || isTranscription(span)) return 'model';
  return /^(thread|conversation|session|realtime|live)$/.test(name) ? 'conversation' : 'other';
}
