/** Seconds since the epoch (or of a duration) and the nanoseconds within that second. */
export type Time = readonly [seconds: number, nanoseconds: number];

export function millisecondsBetween(start: Time, end: Time): number {
  return (end[0] - start[0]) * 1e3 + (end[1] - start[1]) / 1e6;
}

/**
 * A finished span: the common part of `ReadableSpan` in SDK 2.x and 3.x. Declared here, so that neither SDK is
 * required.
 */
export interface FinishedSpan {
  readonly name: string;
  /** A value of `SpanKind`: 0 internal, 1 server, 2 client, 3 producer, 4 consumer. */
  readonly kind: number;
  readonly startTime: Time;
  readonly endTime: Time;
  /** Set if it has not ended: a live page shows it with what is known so far. */
  readonly isOpen?: true | undefined;
  /** `code` is a value of `SpanStatusCode`: 0 unset, 1 ok, 2 error. */
  readonly status: { readonly code: number; readonly message?: string | undefined };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly parentSpanContext?:
    | { readonly spanId: string; readonly isRemote?: boolean | undefined }
    | undefined;
  /** The resource of the process, such as `service.name`. */
  readonly resource?: { readonly attributes: Readonly<Record<string, unknown>> } | undefined;
  spanContext(): { readonly traceId: string; readonly spanId: string };
}

export type SpanAttributes = FinishedSpan['attributes'];

/** The value of `SpanStatusCode.ERROR`. */
export const STATUS_ERROR = 2;

const KIND_SERVER = 1;
const KIND_CONSUMER = 4;

/** The id of a span's parent. SDK 1.x has it in `parentSpanId`, without a context. */
export function parentIdOf(
  span: FinishedSpan & { readonly parentSpanId?: string | undefined },
): string | undefined {
  return (span.parentSpanContext?.spanId ?? span.parentSpanId) || undefined;
}

/** Whether a span has no parent in this process. */
export function isLocalRoot(span: FinishedSpan): boolean {
  const { parentSpanContext: parent, kind } = span;
  if (parentIdOf(span) === undefined || parent?.isRemote === true) return true;
  // SDK 1.x does not tell whether a parent is remote. The parent of a server or consumer span is.
  return parent === undefined && (kind === KIND_SERVER || kind === KIND_CONSUMER);
}

/** A span and its children, in their order in the tree. */
export interface SpanNode {
  readonly span: FinishedSpan;
  readonly children: SpanNode[];
}

/** The spans of one trace. A span whose parent is not among them is a root. */
export interface TraceTree {
  readonly traceId: string;
  readonly roots: SpanNode[];
}

/** A row of a drawn tree, which shows one span. */
export interface Row {
  /** The id of the span. If several spans have the same id, only the first keeps it unchanged. */
  readonly id: string;
  /** The depth: 1 for a root. */
  readonly depth: number;
  readonly node: SpanNode;
  readonly parent: Row | undefined;
  /** The prefix of the name: empty for a root, otherwise tree lines that end in `├─ ` or `└─ `. */
  readonly branch: string;
  /** The prefix of the lines between the name and the children, with the tree lines that pass through. */
  readonly rail: string;
}

/** Deeper spans get no further indentation, so that the text grows linearly with the number of spans. */
const MAX_INDENTATION = 100;

/**
 * Arranges finished spans, given in order of arrival, as one tree per trace. Traces are sorted by the start of their
 * first span. Siblings are sorted by start time, then end time, then arrival; what a user has said comes before the
 * answer to it. If parents form a circle, one of its spans becomes a root. If two spans have the same id, the first
 * gets the children.
 */
export function buildTrees(spans: Iterable<FinishedSpan>): TraceTree[] {
  const traces = new Map<string, SpanNode[]>();
  for (const span of spans) {
    const { traceId } = span.spanContext();
    const nodes = traces.get(traceId);
    if (nodes === undefined) traces.set(traceId, [{ span, children: [] }]);
    else nodes.push({ span, children: [] });
  }
  return [...traces]
    .map(([traceId, nodes]) => ({ traceId, roots: link(nodes) }))
    .sort((a, b) => compareNodes(a.roots[0], b.roots[0]));
}

/** The rows of a tree from top to bottom. */
export function* rowsOf(tree: TraceTree): Generator<Row, void, undefined> {
  const pending: { node: SpanNode; parent: Row | undefined; depth: number; last: boolean; rail: string }[] =
    [];
  const push = (nodes: readonly SpanNode[], parent: Row | undefined, depth: number, rail: string): void => {
    // Pushed in reverse, because the top of the stack is drawn next.
    for (let i = nodes.length - 1; i >= 0; i--) {
      const node = nodes[i];
      if (node !== undefined) pending.push({ node, parent, depth, last: i === nodes.length - 1, rail });
    }
  };
  const ids = new Set<string>();
  push(tree.roots, undefined, 0, '');
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, parent, depth, last, rail } = next;
    const childRail = depth === 0 ? '' : depth > MAX_INDENTATION ? rail : rail + (last ? '   ' : '│  ');
    let { spanId: id } = node.span.spanContext();
    if (ids.has(id)) id = `${id} ${ids.size}`;
    ids.add(id);
    const row: Row = {
      id,
      depth: depth + 1,
      node,
      parent,
      branch: depth === 0 ? '' : rail + (last ? '└─ ' : '├─ '),
      rail: childRail + (node.children.length > 0 ? '│  ' : '   '),
    };
    yield row;
    push(node.children, row, depth + 1, childRail);
  }
}

function link(nodes: readonly SpanNode[]): SpanNode[] {
  const byId = new Map<string, SpanNode>();
  for (const node of nodes) {
    const { spanId } = node.span.spanContext();
    if (!byId.has(spanId)) byId.set(spanId, node);
  }
  const parents = new Map<SpanNode, SpanNode>();
  for (const node of nodes) {
    const parent = byId.get(parentIdOf(node.span) ?? '');
    if (parent !== undefined && parent !== node) parents.set(node, parent);
  }
  cutCircles(nodes, parents);
  const roots: SpanNode[] = [];
  for (const node of nodes) (parents.get(node)?.children ?? roots).push(node);
  for (const node of nodes) node.children.sort(compareNodes);
  return roots.sort(compareNodes);
}

/** Removes the parent of one span in every circle of parents, because no root leads to the spans in a circle. */
function cutCircles(nodes: readonly SpanNode[], parents: Map<SpanNode, SpanNode>): void {
  const settled = new Set<SpanNode>();
  for (const start of nodes) {
    const above = new Set<SpanNode>();
    let node: SpanNode | undefined = start;
    for (; node !== undefined && !settled.has(node) && !above.has(node); node = parents.get(node))
      above.add(node);
    if (node !== undefined && above.has(node)) parents.delete(node);
    for (const each of above) settled.add(each);
  }
}

// Sorting is stable, so nodes that compare as equal stay in order of arrival.
function compareNodes(a: SpanNode | undefined, b: SpanNode | undefined): number {
  if (a === undefined || b === undefined) return 0;
  return (
    compareTimes(a.span.startTime, b.span.startTime) ||
    Number(isTranscription(b.span)) - Number(isTranscription(a.span)) ||
    compareTimes(a.span.endTime, b.span.endTime)
  );
}

/**
 * Whether a span is what the user has said in a realtime session. It becomes known only after the answer to it begins.
 */
export function isTranscription({ name }: FinishedSpan): boolean {
  return name === 'transcription';
}

export function compareTimes(a: Time, b: Time): number {
  return a[0] - b[0] || a[1] - b[1];
}
