import * as ATTR from '../semconv/attributes.ts';
import { attributeText } from './messages.ts';
import { fromPageSpan, type PageSpan } from './page-span.ts';
import { facetsOf, findRows, type TraceFilter } from './trace-filter.ts';
import { summarize, type TraceSummary } from './trace-summary.ts';
import {
  buildTrees,
  type FinishedSpan,
  isTranscription,
  millisecondsBetween,
  parentIdOf,
  type Row,
  rowsOf,
  STATUS_ERROR,
  type Time,
  type TraceTree,
} from './tree.ts';
import type { SpanUsage } from './usage.ts';

/** The data of the page. */
export interface PageData {
  readonly spans: readonly PageSpan[];
  /** Spans that did not fit. */
  readonly omitted: number;
  /** Whether the page asks the server that it comes from for its spans. */
  readonly live?: boolean;
}

/** A trace with everything derived from it. */
export interface Trace {
  readonly tree: TraceTree;
  readonly rows: readonly Row[];
  readonly summary: TraceSummary;
  readonly title: string;
  /** See `facetsOf`. */
  readonly facets: readonly string[];
}

/** Traces with errors first, then the newest. */
export function readTraces({ spans }: PageData): Trace[] {
  return buildTrees(spans.map(fromPageSpan))
    .map(toTrace)
    .sort(
      (a, b) =>
        Number(b.summary.errors.length > 0) - Number(a.summary.errors.length > 0) ||
        millisecondsBetween(a.summary.start, b.summary.start),
    );
}

/** One trace from all of its spans. */
export function readTrace(spans: readonly PageSpan[]): Trace {
  return toTrace(buildTrees(spans.map(fromPageSpan))[0] ?? { traceId: '', roots: [] });
}

function toTrace(tree: TraceTree): Trace {
  const rows = [...rowsOf(tree)];
  const title = tree.roots[0]?.span.name ?? '';
  return { tree, rows, summary: summarize(tree.traceId, rows), title, facets: facetsOf(rows) };
}

/** The type of the error of a failed span. */
export function shownErrorType({ attributes }: Row['node']['span']): string {
  return attributeText(attributes[ATTR.ERROR_TYPE] ?? 'error').slice(0, 100);
}

export function isFailed({ status }: Row['node']['span']): boolean {
  return status.code === STATUS_ERROR;
}

/** The type of a span, which selects its color and symbol. */
export function typeOf(span: Row['node']['span']): string {
  const { name, attributes } = span;
  const operation = attributeText(attributes[ATTR.GEN_AI_OPERATION_NAME] ?? '');
  if (/_agent$/.test(operation)) return 'agent';
  if (operation === 'execute_tool' || operation === 'retrieval') return 'tool';
  if (operation !== '' || isTranscription(span)) return 'model';
  return /^(thread|conversation|session|realtime|live)$/.test(name) ? 'conversation' : 'other';
}

/** A trace or a conversation in a list. */
export interface TraceEntry extends SpanUsage {
  readonly kind: 'trace' | 'conversation';
  readonly id: string;
  readonly title: string;
  /** The start of the first prompt, if content was recorded. */
  readonly prompt: string | undefined;
  readonly start: Time;
  readonly end: Time;
  readonly errors: number;
  /** See `TraceSummary`. */
  readonly outcome: string;
  /** The spans that match the filter. */
  readonly spans: number;
  /** The traces that a conversation has spans in. */
  readonly traces: number;
  /** Whether a span has not ended, or the parent of one is missing: it ends, and arrives, after its children. */
  readonly underWay: boolean;
  readonly facets: readonly string[];
  /** Changes with the spans. */
  readonly revision: string;
}

/** What the lists of the page show. */
export interface TraceLists {
  readonly traces: readonly TraceEntry[];
  readonly conversations: readonly TraceEntry[];
  /** The number of traces, whatever the filter hides. */
  readonly total: number;
  /** Traces that were dropped for newer ones. */
  readonly dropped: number;
  /** Conversations that are not among the newest ones. */
  readonly unlisted: number;
}

/** UTF-16 units of a prompt in a list. */
const MAX_LISTED_PROMPT_LENGTH = 200;
/** The same for ids and titles, which come from programs and servers. */
const MAX_LISTED_LENGTH = 1000;

/** @returns `undefined` if no span matches the filter */
export function entryOf(
  trace: Trace,
  kind: TraceEntry['kind'],
  filter: TraceFilter,
  revision = '',
): TraceEntry | undefined {
  const isFiltered = filter.onlyErrors || filter.words.trim() !== '';
  const spans = isFiltered ? findRows(trace.rows, filter).size : trace.rows.length;
  if (spans === 0) return undefined;
  const { start, end, prompt, cost, unpriced, errors, outcome } = trace.summary;
  const { inputTokens, outputTokens, estimatedOutputTokens } = trace.summary;
  return {
    kind,
    id: trace.tree.traceId,
    title: trace.title.slice(0, MAX_LISTED_LENGTH),
    prompt: prompt?.slice(0, MAX_LISTED_PROMPT_LENGTH),
    start,
    end,
    inputTokens,
    outputTokens,
    estimatedOutputTokens,
    cost,
    unpriced,
    errors: errors.length,
    outcome: outcome.slice(0, MAX_LISTED_LENGTH),
    spans,
    traces: new Set(trace.tree.roots.map(({ span }) => span.spanContext().traceId)).size,
    underWay: isUnderWay(trace),
    facets: trace.facets,
    revision,
  };
}

/** Whether spans of a trace have not ended, or those above them are missing. */
export function isUnderWay({ tree, rows }: Trace): boolean {
  return (
    tree.roots.some(({ span }) => parentIdOf(span) !== undefined) || rows.some(({ node }) => node.span.isOpen)
  );
}

/** Newest first. */
export function compareEntries(a: TraceEntry, b: TraceEntry): number {
  return millisecondsBetween(a.start, b.start);
}

/** The ids of the conversations in a trace, each with its spans: those that have the id, and those below them. */
export function conversationSpans({ rows }: Trace): Map<string, FinishedSpan[]> {
  const found = new Map<string, FinishedSpan[]>();
  const ids = new Map<Row, string>();
  for (const row of rows) {
    const { span } = row.node;
    const id = conversationId(span) ?? (row.parent && ids.get(row.parent));
    if (id === undefined) continue;
    ids.set(row, id);
    const spans = found.get(id);
    if (spans === undefined) found.set(id, [span]);
    else spans.push(span);
  }
  return found;
}

/** The spans of a conversation in several traces, as if they were one trace. */
export function conversationTrace(id: string, spans: readonly FinishedSpan[]): Trace {
  const roots = buildTrees(spans).flatMap((tree) => tree.roots);
  // What a missing parent would mean in a trace it does not mean here: only a part of each trace is shown.
  const tree = { traceId: id, roots };
  const rows = [...rowsOf(tree)];
  // The request that created it comes first, and says least.
  const own = rows.find(({ node }) => typeOf(node.span) === 'conversation');
  const title = own?.node.span.name ?? id;
  return { tree, rows, summary: summarize(id, rows), title, facets: facetsOf(rows) };
}

function conversationId({ attributes }: FinishedSpan): string | undefined {
  return [ATTR.GEN_AI_CONVERSATION_ID, ATTR.OPENAI_THREAD_ID, ATTR.OPENAI_SESSION_ID]
    .map((name) => attributes[name])
    .find(
      (value): value is string =>
        typeof value === 'string' && value !== '' && value.length <= MAX_LISTED_LENGTH,
    );
}
