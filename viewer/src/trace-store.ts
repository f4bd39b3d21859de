import { withEvaluations } from './evaluations.ts';
import type { StoredTrace } from './span-store.ts';
import { inSteps, searchRows } from './trace-filter.ts';
import type { Row } from './tree.ts';
import { compareTimes, type Time, type ViewedSpan } from './viewed-span.ts';
import { isUnfinished, type ViewedTrace, viewedTrace } from './viewed-trace.ts';

export interface TraceEntry {
  readonly id: string;
  readonly trace: ViewedTrace;
  /** The number of spans that match the filter. */
  readonly found: number;
  /** These spans; `undefined` without a filter. */
  readonly foundRows: ReadonlySet<Row> | undefined;
  /** The number of spans that did not fit. */
  readonly omitted: number;
  readonly inProgress: boolean;
}

export interface TraceLists {
  readonly filter: string;
  /** The traces that match the filter, newest first. */
  readonly traces: readonly TraceEntry[];
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
  /** The second (since the epoch) up to which open spans are drawn; 0 if there are none. */
  readonly second: number;
}

/** A trace that gets no span for this long is no longer shown as in progress, even if it looks unfinished. */
const IN_PROGRESS_TIMEOUT_MS = 10 * 60_000;

/** The traces of a page. A live page has the same traces as its server, which limits their number. */
export class TraceStore {
  readonly #isLive: boolean;
  readonly #traces = new Map<string, PageTrace>();
  readonly #derived = new WeakMap<PageTrace, DerivedTrace>();
  /** What the last filter has found. A trace that has not changed is not searched again. */
  readonly #found = new WeakMap<ViewedTrace, { readonly filter: string; readonly rows: ReadonlySet<Row> }>();
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

  get ids(): ReadonlySet<string> {
    return new Set(this.#traces.keys());
  }

  /** The spans of some traces as they are now, and the number of those that did not fit. */
  spansOf(ids: readonly string[]): { readonly spans: ViewedSpan[]; readonly omitted: number } {
    const traces = ids.flatMap((id) => this.#traces.get(id) ?? []);
    const spans = traces.flatMap((trace) => [...trace.spans.values()]);
    return {
      spans: spans.map((span) => untilNow(span, Date.now())),
      omitted: traces.reduce((sum, { omitted }) => sum + omitted, 0),
    };
  }

  lists(filter: string): TraceLists {
    return inSteps(this.search(filter));
  }

  /** Finds the traces that match a filter, in steps. */
  *search(filter: string): Generator<undefined, TraceLists> {
    const all = [...this.#traces].map(([id, stored]) => this.#entry(id, stored));
    if (filter.trim() !== '')
      for (const entry of all) {
        const { trace } = entry;
        const known = this.#found.get(trace);
        const rows = known?.filter === filter ? known.rows : yield* searchRows(trace.rows, filter);
        this.#found.set(trace, { filter, rows });
        Object.assign(entry, { foundRows: rows, found: rows.size });
      }
    const traces = all
      .filter(({ found }) => found > 0)
      .sort((a, b) => compareTimes(b.trace.summary.start, a.trace.summary.start));
    return { filter, traces, total: all.length, dropped: this.#dropped };
  }

  #entry(id: string, stored: PageTrace): TraceEntry {
    const isRecent = this.#isLive && Date.now() - stored.arrived < IN_PROGRESS_TIMEOUT_MS;
    const trace = this.#derive(id, stored, isRecent ? Date.now() : stored.arrived);
    const inProgress = isRecent && isUnfinished(trace);
    const { omitted } = stored;
    return { id, trace, found: trace.rows.length, foundRows: undefined, omitted, inProgress };
  }

  /** @param now until when open spans are drawn */
  #derive(id: string, stored: PageTrace, now: number): ViewedTrace {
    const all = [...stored.spans.values()];
    // Open spans grow, so their trace is derived again each second.
    const second = this.#isLive && all.some(({ isOpen }) => isOpen) ? Math.trunc(now / 1e3) : 0;
    const known = this.#derived.get(stored);
    if (known?.second === second) return known.trace;
    const spans = second > 0 ? all.map((span) => untilNow(span, now)) : all;
    const trace = viewedTrace(id, withEvaluations(spans));
    this.#derived.set(stored, { trace, second });
    return trace;
  }
}

/** Ends an open span at `now`: the current time, or the last arrival in its trace if that was long ago. */
function untilNow(span: ViewedSpan, now: number): ViewedSpan {
  const end: Time = [Math.trunc(now / 1e3), (now % 1e3) * 1e6];
  return span.isOpen && compareTimes(span.start, end) < 0 ? { ...span, end } : span;
}
