import * as ATTR from './semconv/attributes.ts';
import { compareTimes, isFailed, isTranscription, type ViewedSpan } from './viewed-span.ts';

export interface Row {
  /** The id of the span. If several spans have the same id, only the first keeps it unchanged. */
  readonly id: string;
  readonly span: ViewedSpan;
  readonly parent: Row | undefined;
  readonly children: readonly Row[];
  readonly depth: number;
  /** The prefix of the name: empty for a root, otherwise tree lines that end in `├─ ` or `└─ `. */
  readonly branch: string;
  /** The prefix of the lines between a span's name and its children: the tree lines that continue there. */
  readonly rail: string;
}

/** The spans of one trace. A span whose parent is not among them is a root. */
export interface TraceTree {
  readonly traceId: string;
  readonly roots: readonly Row[];
  /** All rows from top to bottom: parents come before their children. */
  readonly rows: readonly Row[];
}

/** A row whose place in the tree is not known yet. */
type LooseRow = { -readonly [Key in Exclude<keyof Row, 'children'>]: Row[Key] } & { children: LooseRow[] };

/** Deeper spans get no further indentation, so that the text grows linearly with the number of spans. */
const MAX_INDENTATION = 100;

/**
 * Arranges spans, given in order of arrival, as one tree per trace. Traces are sorted by the start of their first span.
 * Siblings are sorted by start, end and arrival; of spans with the same start, transcriptions come first.
 * If parents form a circle, one of its spans becomes a root. If two spans have the same id, the first gets the children.
 */
export function buildTrees(spans: Iterable<ViewedSpan>): TraceTree[] {
  const traces = groupBy(spans, ({ traceId }) => traceId);
  return Array.from(traces, ([traceId, each]) => treeOf(traceId, linkRows(each))).sort((a, b) =>
    compareRows(a.roots[0], b.roots[0]),
  );
}

/** Does what `Map.groupBy` does, which Node 20 lacks. */
export function groupBy<Key, Item>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** All rows below a row. No recursion, because a trace can be thousands of levels deep. */
export function* rowsBelow(row: Row): Generator<Row> {
  const pending = [...row.children];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    yield next;
    for (const child of next.children) pending.push(child);
  }
}

function treeOf(traceId: string, roots: readonly LooseRow[]): TraceTree {
  const rows: LooseRow[] = [];
  const ids = new Set<string>();
  // A stack: its last row is placed next. No recursion, because a trace can be thousands of levels deep.
  const pending = roots.toReversed();
  for (let row = pending.pop(); row !== undefined; row = pending.pop()) {
    const { parent, children } = row;
    const { spanId } = row.span;
    row.id = ids.has(spanId) ? `${spanId} ${ids.size}` : spanId;
    ids.add(row.id);
    row.depth = (parent?.depth ?? 0) + 1;
    const isLast = parent?.children.at(-1) === row;
    const beside = parent?.rail.slice(0, -3) ?? '';
    row.branch = parent === undefined ? '' : beside + (isLast ? '└─ ' : '├─ ');
    const isIndented = parent !== undefined && parent.depth <= MAX_INDENTATION;
    const below = isIndented ? beside + (isLast ? '   ' : '│  ') : beside;
    row.rail = below + (children.length > 0 ? '│  ' : '   ');
    rows.push(row);
    for (const child of children.toReversed()) pending.push(child);
  }
  return { traceId, roots, rows };
}

/** Links the spans of a trace to their parents. @returns the roots */
function linkRows(spans: readonly ViewedSpan[]): LooseRow[] {
  const rows = spans.map(
    (span): LooseRow => ({ id: '', span, parent: undefined, children: [], depth: 0, branch: '', rail: '' }),
  );
  const byId = new Map<string, LooseRow>();
  for (const row of rows) if (!byId.has(row.span.spanId)) byId.set(row.span.spanId, row);
  for (const row of rows) {
    const parent = byId.get(row.span.parentId ?? '');
    if (parent !== row) row.parent = parent;
  }
  cutCircles(rows);
  const roots: LooseRow[] = [];
  for (const row of rows) ((row.parent as LooseRow | undefined)?.children ?? roots).push(row);
  for (const row of rows) joinFunction(row);
  for (const row of rows) row.children.sort(compareRows);
  return roots.sort(compareRows);
}

/** A function that alone does the work of a tool call, and has its name, is one row with it. */
function joinFunction(tool: LooseRow): void {
  const [only] = tool.children;
  if (only === undefined || tool.children.length > 1 || !isFunctionOf(tool.span, only.span)) return;
  const { attributes, events = [] } = only.span;
  tool.span = {
    ...tool.span,
    attributes: { ...attributes, ...tool.span.attributes },
    events: [...(tool.span.events ?? []), ...events],
  };
  tool.children = only.children;
  for (const child of tool.children) child.parent = tool;
}

function isFunctionOf(tool: ViewedSpan, span: ViewedSpan): boolean {
  return (
    tool.attributes[ATTR.GEN_AI_OPERATION_NAME] === 'execute_tool' &&
    tool.attributes[ATTR.GEN_AI_TOOL_NAME] === span.name &&
    span.attributes[ATTR.GEN_AI_OPERATION_NAME] === undefined &&
    // What the tool's span does not tell stays visible: an error that the program caught, and work after a timeout.
    isFailed(span) === isFailed(tool) &&
    (!span.isOpen || tool.isOpen === true)
  );
}

/** Removes the parent of one span in every circle of parents, because no root leads to the spans in a circle. */
function cutCircles(rows: readonly LooseRow[]): void {
  const settled = new Set<Row>();
  for (const start of rows) {
    const above = new Set<Row>();
    let row: LooseRow | undefined = start;
    for (
      ;
      row !== undefined && !settled.has(row) && !above.has(row);
      row = row.parent as LooseRow | undefined
    )
      above.add(row);
    if (row !== undefined && above.has(row)) row.parent = undefined;
    for (const each of above) settled.add(each);
  }
}

// Sorting is stable, so rows that compare as equal stay in order of arrival.
function compareRows(a: Row | undefined, b: Row | undefined): number {
  if (a === undefined || b === undefined) return 0;
  return (
    compareTimes(a.span.start, b.span.start) ||
    Number(isTranscription(b.span)) - Number(isTranscription(a.span)) ||
    compareTimes(a.span.end, b.span.end)
  );
}
