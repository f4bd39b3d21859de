import {
  ATTR_GEN_AI_CONVERSATION_ID,
  ATTR_OPENAI_SESSION_ID,
  ATTR_OPENAI_THREAD_ID,
} from '../semconv/attributes.ts';
import type { TokenTotals } from './amounts.ts';
import { summarize } from './trace-summary.ts';
import {
  buildTrees,
  type FinishedSpan,
  millisecondsBetween,
  parentIdOf,
  type Row,
  rowsOf,
  type Time,
} from './tree.ts';
import { findRows, type Trace, typeOf } from './viewed-trace.ts';

/** A trace or a conversation in a list. */
export interface TraceEntry extends TokenTotals {
  readonly kind: 'trace' | 'conversation';
  readonly id: string;
  readonly title: string;
  /** The start of the first prompt, if content was recorded. */
  readonly prompt: string | undefined;
  readonly start: Time;
  readonly end: Time;
  readonly cost: number | undefined;
  readonly unpriced: number;
  readonly errors: number;
  /** See `TraceSummary`. */
  readonly outcome: string;
  /** The spans that match the filter. */
  readonly spans: number;
  /** The traces that a conversation has spans in. */
  readonly traces: number;
  /** Whether the parent of some span is missing: it ends, and arrives, after its children. */
  readonly underWay: boolean;
  /** Changes with the spans. */
  readonly revision: string;
}

/** What the lists of the page show. */
export interface TraceLists {
  readonly traces: readonly TraceEntry[];
  readonly conversations: readonly TraceEntry[];
  /** Traces that were dropped for newer ones. */
  readonly dropped: number;
  /** Conversations that are not among the newest ones. */
  readonly unlisted: number;
}

/** What a list is filtered by. */
export interface EntryFilter {
  readonly words: string;
  readonly onlyErrors: boolean;
}

/** UTF-16 units of a prompt in a list. */
const MAX_LISTED_PROMPT_LENGTH = 200;
/** The same for ids and titles, which come from programs and servers. */
const MAX_LISTED_LENGTH = 1000;

/** @returns `undefined` if no span matches the filter */
export function entryOf(
  trace: Trace,
  kind: TraceEntry['kind'],
  { words, onlyErrors }: EntryFilter,
  revision = '',
): TraceEntry | undefined {
  const isFiltered = onlyErrors || words.trim() !== '';
  const spans = isFiltered ? findRows(trace, words, onlyErrors).size : trace.rows.length;
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
    revision,
  };
}

/** Whether spans above those of a trace are missing. */
export function isUnderWay({ tree }: Trace): boolean {
  return tree.roots.some(({ span }) => parentIdOf(span) !== undefined);
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
  return { tree, rows, summary: summarize(id, rows), title: own?.node.span.name ?? id };
}

function conversationId({ attributes }: FinishedSpan): string | undefined {
  return [ATTR_GEN_AI_CONVERSATION_ID, ATTR_OPENAI_THREAD_ID, ATTR_OPENAI_SESSION_ID]
    .map((name) => attributes[name])
    .find(
      (value): value is string =>
        typeof value === 'string' && value !== '' && value.length <= MAX_LISTED_LENGTH,
    );
}
