import { withEvaluations } from './evaluations.ts';
import type { StoredTrace } from './span-store.ts';
import { findRows } from './trace-filter.ts';
import { groupBy } from './tree.ts';
import { compareTimes, type Time, type ViewedSpan } from './viewed-span.ts';
import {
  conversationSpans,
  isUnfinished,
  type ViewedTrace,
  viewedConversation,
  viewedTrace,
} from './viewed-trace.ts';

/** A trace, or a conversation as if it were one. */
export interface TraceEntry {
  readonly kind: 'trace' | 'conversation';
  readonly id: string;
  readonly trace: ViewedTrace;
  readonly found: number;
  /** The number of spans that did not fit. */
  readonly omitted: number;
  readonly inProgress: boolean;
}

export interface TraceLists {
  readonly traces: readonly TraceEntry[];
  readonly conversations: readonly TraceEntry[];
  /** The number of all traces, including those that the filter hides. */
  readonly total: number;
  readonly dropped: number;
}

export interface TraceChanges {
  /** The revision to ask for next. */
  readonly revision: number;
  /** Whether further changes follow after this revision. */
  readonly hasMore: boolean;
  readonly dropped: number;
  /** All traces that the server has. */
  readonly traces: readonly (Pick<StoredTrace, 'omitted' | 'arrived'> & { readonly id: string })[];
  readonly spans: readonly ViewedSpan[];
}

type PageTrace = Pick<StoredTrace, 'spans' | 'omitted' | 'arrived'>;

interface DerivedTrace {
  readonly trace: ViewedTrace;
  readonly conversations: ReadonlyMap<string, readonly ViewedSpan[]>;
  readonly inProgress: boolean;
  /** The second (since the epoch) up to which open spans are drawn; 0 if there are none that still grow. */
  readonly second: number;
}

/** A trace that gets no span for this long is no longer shown as in progress, even if it looks unfinished. */
const IN_PROGRESS_TIMEOUT_MS = 10 * 60_000;

/** The traces of a page. A live page has the same traces as its server, which limits their number. */
export class TraceStore {
  readonly #isLive: boolean;
  readonly #traces = new Map<string, PageTrace>();
  readonly #derived = new WeakMap<PageTrace, DerivedTrace>();
  /** The conversations by id, each with the traces that it was built from. */
  readonly #conversations = new Map<string, { of: readonly DerivedTrace[]; trace: ViewedTrace }>();
  #dropped = 0;

  /** @param isLive whether more spans can arrive. If not, nothing is in progress */
  constructor(isLive: boolean) {
    this.#isLive = isLive;
  }

  add(spans: readonly ViewedSpan[]): void {
    for (const span of spans) {
      const trace = this.#traces.get(span.traceId) ?? { spans: new Map(), omitted: 0, arrived: 0 };
      this.#traces.set(span.traceId, trace);
      trace.spans.set(span.spanId, span);
      this.#derived.delete(trace);
    }
  }

  receive({ traces, spans, dropped }: TraceChanges): void {
    this.add(spans);
    const kept = new Map(traces.map(({ id, ...state }) => [id, state]));
    for (const [id, trace] of this.#traces) {
      const state = kept.get(id);
      if (state === undefined) this.#traces.delete(id);
      else Object.assign(trace, state);
    }
    this.#dropped = dropped;
  }

  lists(filter: string): TraceLists {
    const all = Array.from(this.#traces, ([id, stored]) => [id, stored, this.#derive(id, stored)] as const);
    const traces = all.map(([id, { omitted }, { trace, inProgress }]): TraceEntry => {
      return { kind: 'trace', id, trace, found: matching(trace, filter), omitted, inProgress };
    });
    const derived = all.map(([, , each]) => each);
    return {
      traces: this.#inOrder(traces),
      conversations: this.#inOrder(this.#conversationEntries(derived, filter)),
      total: traces.filter(({ trace }) => trace.rows.length > 0).length,
      dropped: this.#dropped,
    };
  }

  /** The matching entries, newest first. On a page that is not live, entries with errors come first. */
  #inOrder(entries: readonly TraceEntry[]): TraceEntry[] {
    const failed = ({ trace }: TraceEntry): number =>
      Number(!this.#isLive && trace.summary.errors.length > 0);
    return entries
      .filter(({ found }) => found > 0)
      .sort((a, b) => failed(b) - failed(a) || compareTimes(b.trace.summary.start, a.trace.summary.start));
  }

  #conversationEntries(all: readonly DerivedTrace[], filter: string): TraceEntry[] {
    const parts = all.flatMap((of) => Array.from(of.conversations.keys(), (id) => ({ id, of })));
    const grouped = groupBy(parts, ({ id }) => id);
    for (const id of this.#conversations.keys()) if (!grouped.has(id)) this.#conversations.delete(id);
    return Array.from(grouped, ([id, each]): TraceEntry => {
      const of = each.map((part) => part.of);
      const trace = this.#conversation(id, of);
      const inProgress = of.some((part) => part.inProgress);
      return { kind: 'conversation', id, trace, found: matching(trace, filter), omitted: 0, inProgress };
    });
  }

  #conversation(id: string, of: readonly DerivedTrace[]): ViewedTrace {
    const known = this.#conversations.get(id);
    if (known?.of.length === of.length && of.every((each, i) => each === known.of[i])) return known.trace;
    const trace = viewedConversation(
      id,
      of.flatMap(({ conversations }) => conversations.get(id) ?? []),
    );
    this.#conversations.set(id, { of, trace });
    return trace;
  }

  #derive(id: string, stored: PageTrace): DerivedTrace {
    const isRecent = this.#isLive && Date.now() - stored.arrived < IN_PROGRESS_TIMEOUT_MS;
    const known = this.#derived.get(stored);
    const now = isRecent ? Date.now() : stored.arrived;
    const isOpen = this.#isLive && [...stored.spans.values()].some((span) => span.isOpen);
    // Open spans grow, so their trace is derived again each second.
    const second = isOpen && isRecent ? Math.trunc(now / 1e3) : 0;
    if (known?.second === second && (isRecent || !known.inProgress)) return known;
    const spans = Array.from(stored.spans.values(), (span) => (this.#isLive ? untilNow(span, now) : span));
    const trace = viewedTrace(id, withEvaluations(spans));
    const inProgress = isRecent && isUnfinished(trace);
    const derived = { trace, conversations: conversationSpans(trace), inProgress, second };
    this.#derived.set(stored, derived);
    return derived;
  }
}

/** Ends an open span at `now`: the current time, or the last arrival in its trace if that was long ago. */
function untilNow(span: ViewedSpan, now: number): ViewedSpan {
  const end: Time = [Math.trunc(now / 1e3), (now % 1e3) * 1e6];
  return span.isOpen && compareTimes(span.start, end) < 0 ? { ...span, end } : span;
}

function matching({ rows }: ViewedTrace, filter: string): number {
  return filter.trim() === '' ? rows.length : findRows(rows, filter).size;
}
