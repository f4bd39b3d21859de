import { ATTR_GEN_AI_OPERATION_NAME } from '../semconv/attributes.ts';
import { fromPageSpan, type PageSpan, type ShownSpan } from './page-span.ts';
import { attributeText } from './span-details.ts';
import { summarize, type TraceSummary } from './trace-summary.ts';
import {
  buildTrees,
  isTranscription,
  millisecondsBetween,
  type Row,
  rowsOf,
  STATUS_ERROR,
  type TraceTree,
} from './tree.ts';

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
}

/** Longer ids are not suggested. */
const MAX_SHOWN_ID_LENGTH = 200;

/** The attributes that the filter searches: names, models, error types and ids, and what was said. */
const SEARCHED = /\.(id|name|model|type|messages|arguments|result|system_instructions|text)$/;
/** UTF-16 units of each of them that are searched, at its start and at its end, where the newest message is. */
const MAX_FILTERED_LENGTH = 20_000;

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
  return { tree, rows, summary: summarize(tree.traceId, rows), title: tree.roots[0]?.span.name ?? '' };
}

/** The rows that match a filter: each of its words occurs in a name, a model, an error, an id or a message. */
export function findRows(trace: Trace, words: string, onlyErrors: boolean): Set<Row> {
  const wanted = words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return new Set(
    trace.rows.filter(({ node: { span } }) => {
      if (onlyErrors && !isFailed(span)) return false;
      if (wanted.length === 0) return true;
      const text = searchedText(span);
      return wanted.every((word) => text.includes(word));
    }),
  );
}

/** The ids of threads, runs, steps and agents in some traces, as suggestions for the filter. */
export function idsOf(traces: readonly Trace[], most: number): string[] {
  const ids = new Set<string>();
  for (const { rows } of traces)
    for (const { node } of rows)
      for (const [name, value] of Object.entries(node.span.attributes)) {
        if (ids.size >= most) return [...ids];
        if (
          /^(openai|gen_ai)\.(?!request|response)\w+\.id$/.test(name) &&
          typeof value === 'string' &&
          value.length <= MAX_SHOWN_ID_LENGTH
        )
          ids.add(value);
      }
  return [...ids];
}

const SEARCHED_TEXTS = new WeakMap<object, string>();

/** What is searched of a span, made once: a filter is typed letter by letter. */
function searchedText(span: ShownSpan | Row['node']['span']): string {
  const known = SEARCHED_TEXTS.get(span);
  if (known !== undefined) return known;
  const { traceId, spanId } = span.spanContext();
  const texts = [span.name, traceId, spanId, span.status.message];
  for (const [name, value] of Object.entries(span.attributes))
    if (typeof value === 'string' && SEARCHED.test(name))
      texts.push(
        value.slice(0, MAX_FILTERED_LENGTH),
        value.slice(MAX_FILTERED_LENGTH).slice(-MAX_FILTERED_LENGTH),
      );
  const text = texts.join('\n').toLowerCase();
  SEARCHED_TEXTS.set(span, text);
  return text;
}

export function isFailed({ status }: Row['node']['span']): boolean {
  return status.code === STATUS_ERROR;
}

/** The type of a span, which selects its color and symbol. */
export function typeOf(span: Row['node']['span']): string {
  const { name, attributes } = span;
  const operation = attributeText(attributes[ATTR_GEN_AI_OPERATION_NAME] ?? '');
  if (/_agent$/.test(operation)) return 'agent';
  if (operation === 'execute_tool' || operation === 'retrieval') return 'tool';
  if (operation !== '' || isTranscription(span)) return 'model';
  return /^(thread|conversation|session|realtime|live)$/.test(name) ? 'conversation' : 'other';
}
