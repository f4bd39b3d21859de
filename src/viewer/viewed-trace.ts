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
  /** The number of spans that did not fit. */
  readonly omitted: number;
  /** Whether the page requests its spans from the server that it comes from. */
  readonly live?: boolean;
}

/** A trace with everything derived from it. */
export interface Trace {
  readonly tree: TraceTree;
  readonly rows: readonly Row[];
  readonly summary: TraceSummary;
  readonly title: string;
  /** Terms that find the trace. See `facetsOf`. */
  readonly facets: readonly string[];
}

/** The traces of the page: those with errors first, then the newest first. */
export function readTraces({ spans }: PageData): Trace[] {
  return buildTrees(spans.map(fromPageSpan))
    .map(toTrace)
    .sort(
      (a, b) =>
        Number(b.summary.errors.length > 0) - Number(a.summary.errors.length > 0) ||
        millisecondsBetween(a.summary.start, b.summary.start),
    );
}

/** Builds one trace from all of its spans. */
export function readTrace(spans: readonly PageSpan[]): Trace {
  return toTrace(buildTrees(spans.map(fromPageSpan))[0] ?? { traceId: '', roots: [] });
}

function toTrace(tree: TraceTree): Trace {
  const rows = [...rowsOf(tree)];
  const title = tree.roots[0]?.span.name ?? '';
  return { tree, rows, summary: summarize(tree.traceId, rows), title, facets: facetsOf(rows) };
}

/** The error type of a failed span, shortened for the page. */
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
  /** The beginning of the first prompt, if content was recorded. */
  readonly prompt: string | undefined;
  readonly start: Time;
  readonly end: Time;
  readonly errors: number;
  /** `ok`, or the status of a run. See `TraceSummary`. */
  readonly outcome: string;
  /** The number of spans that match the filter. */
  readonly spans: number;
  /** The number of traces that contain spans of a conversation. */
  readonly traces: number;
  /** Whether a span has not ended, or the parent of a span is missing: it ends, and so arrives, after its children. */
  readonly underWay: boolean;
  readonly facets: readonly string[];
  /** A text that changes whenever the spans change. */
  readonly revision: string;
}

/** What the lists of the page show. */
export interface TraceLists {
  readonly traces: readonly TraceEntry[];
  readonly conversations: readonly TraceEntry[];
  /** The number of all traces, including those that the filter hides. */
  readonly total: number;
  /** The number of traces that were dropped to keep newer ones. */
  readonly dropped: number;
  /** The number of conversations that are not listed, because only the newest are. */
  readonly unlisted: number;
}

/** The maximum length of a prompt in a list, in UTF-16 units. */
const MAX_LISTED_PROMPT_LENGTH = 200;
/** The maximum length of ids and titles in a list. They come from programs and servers, so they can be long. */
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

/** Whether a trace is in progress: a span has not ended, or a parent is missing. */
export function isUnderWay({ tree, rows }: Trace): boolean {
  return (
    tree.roots.some(({ span }) => parentIdOf(span) !== undefined) || rows.some(({ node }) => node.span.isOpen)
  );
}

/** Compares entries by their start. */
export function compareEntries(a: TraceEntry, b: TraceEntry): number {
  return millisecondsBetween(a.start, b.start);
}

/** The spans of each conversation in a trace, by its id: the spans that have the id, and all spans below them. */
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

/** A conversation as if it were one trace, from its spans in several traces. */
export function conversationTrace(id: string, spans: readonly FinishedSpan[]): Trace {
  const roots = buildTrees(spans).flatMap((tree) => tree.roots);
  // In a trace, a missing parent means that it is in progress. Not here, because only a part of each trace is shown.
  const tree = { traceId: id, roots };
  const rows = [...rowsOf(tree)];
  // The span of the request that created the conversation comes first, but its name says least.
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
