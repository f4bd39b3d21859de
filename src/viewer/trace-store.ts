import { withEvaluations } from './evaluations.ts';
import { liveStore, SpanStore, type StoredTrace } from './span-store.ts';
import { findRows, type TraceFilter } from './trace-filter.ts';
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
  /** The number of spans that match the filter. */
  readonly found: number;
  /** The number of spans that did not fit. */
  readonly omitted: number;
  readonly inProgress: boolean;
  /** Changes whenever the trace does. */
  readonly revision: string;
}

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

interface DerivedTrace {
  readonly trace: ViewedTrace;
  readonly conversations: ReadonlyMap<string, readonly ViewedSpan[]>;
  readonly inProgress: boolean;
  readonly revision: string;
}

interface ConversationParts {
  readonly spans: ViewedSpan[];
  revision: string;
  inProgress: boolean;
}

/** What changed, as the server sends it. */
export interface TraceChanges {
  /** The revision to ask for next. */
  readonly revision: number;
  /** Whether further changes follow after this revision. */
  readonly hasMore: boolean;
  readonly dropped: number;
  readonly traces: readonly (Pick<StoredTrace, 'omitted' | 'arrived'> & { readonly id: string })[];
  readonly spans: readonly ViewedSpan[];
}

interface TraceStoreOptions {
  /** The maximum memory of all spans, in bytes. */
  readonly maxSize?: number;
  /** Whether more spans can arrive. If not, nothing is dropped, and nothing is in progress. */
  readonly isLive?: boolean;
}

/** The maximum number of conversations listed. Their ids are attributes, so one trace can have any number of them. */
const MAX_LISTED_CONVERSATIONS = 500;
/** The time without a new span after which a trace is no longer shown as in progress, even if its root is missing. */
const IN_PROGRESS_TIMEOUT_MS = 10 * 60_000;

/** The traces of a page. */
export class TraceStore {
  readonly #isLive: boolean;
  readonly #stored: SpanStore;
  readonly #derived = new WeakMap<StoredTrace, DerivedTrace>();
  readonly #conversations = new Map<string, { revision: string; trace: ViewedTrace }>();
  #droppedBefore = 0;

  constructor({ maxSize, isLive = true }: TraceStoreOptions = {}) {
    const none = Number.POSITIVE_INFINITY;
    this.#isLive = isLive;
    this.#stored = isLive
      ? liveStore(maxSize)
      : new SpanStore({ maxTraces: none, maxSize: none, sizeOf: () => 0 });
  }

  add(spans: readonly ViewedSpan[]): void {
    this.#stored.take(spans);
  }

  /** Takes over what the server sends. */
  receive({ traces, spans, dropped }: TraceChanges): void {
    for (const span of spans) this.#stored.add(span);
    for (const { id, omitted, arrived } of traces)
      Object.assign(this.#stored.traces.get(id) ?? {}, { omitted, arrived });
    this.#stored.evict();
    this.#droppedBefore = dropped - this.#stored.dropped;
  }

  /** Marks traces with spans in progress as changed: they last longer. @returns whether there are any */
  refreshOpen(): boolean {
    const growing = [...this.#stored.traces.values()].filter(
      (each) => this.#isRecent(each) && [...each.spans.values()].some(({ isOpen }) => isOpen),
    );
    for (const trace of growing) this.#stored.renew(trace);
    return growing.length > 0;
  }

  /** The traces and conversations that match a filter. */
  lists(filter: TraceFilter): TraceLists {
    const parts = this.#conversationParts();
    for (const id of this.#conversations.keys()) if (!parts.has(id)) this.#conversations.delete(id);
    const listed = this.#isLive ? [...parts].slice(-MAX_LISTED_CONVERSATIONS) : [...parts];
    const traces = Array.from(this.#stored.traces, ([id, stored]): TraceEntry => {
      const { trace, inProgress, revision } = this.#derive(id, stored);
      const found = matching(trace, filter);
      return { kind: 'trace', id, trace, found, omitted: stored.omitted, inProgress, revision };
    });
    const conversations = listed.map(([id, { spans, inProgress, revision }]): TraceEntry => {
      const trace = this.#conversation(id, spans, revision);
      const found = matching(trace, filter);
      return { kind: 'conversation', id, trace, found, omitted: 0, inProgress, revision };
    });
    return {
      traces: this.#inOrder(traces),
      conversations: this.#inOrder(conversations),
      total: traces.filter(({ trace }) => trace.rows.length > 0).length,
      dropped: this.#droppedBefore + this.#stored.dropped,
      unlisted: parts.size - listed.length,
    };
  }

  /** The newest first. If no more spans can arrive, those with errors come before. */
  #inOrder(entries: readonly TraceEntry[]): TraceEntry[] {
    const failed = ({ trace }: TraceEntry): number =>
      Number(!this.#isLive && trace.summary.errors.length > 0);
    return entries
      .filter(({ found }) => found > 0)
      .sort((a, b) => failed(b) - failed(a) || compareTimes(b.trace.summary.start, a.trace.summary.start));
  }

  #conversation(id: string, spans: readonly ViewedSpan[], revision: string): ViewedTrace {
    const known = this.#conversations.get(id);
    if (known?.revision === revision) return known.trace;
    const trace = viewedConversation(id, spans);
    this.#conversations.set(id, { revision, trace });
    return trace;
  }

  /** The conversations of all traces, sorted like traces: by the arrival of their last span. */
  #conversationParts(): ReadonlyMap<string, ConversationParts> {
    const all = new Map<string, ConversationParts>();
    for (const [traceId, stored] of this.#stored.traces) {
      const { inProgress, revision, conversations } = this.#derive(traceId, stored);
      for (const [id, spans] of conversations) {
        const parts = all.get(id) ?? { spans: [], revision: '', inProgress: false };
        for (const span of spans) parts.spans.push(span);
        parts.revision += ` ${revision}`;
        parts.inProgress ||= inProgress;
        all.delete(id);
        all.set(id, parts);
      }
    }
    return all;
  }

  #derive(id: string, stored: StoredTrace): DerivedTrace {
    const isRecent = this.#isRecent(stored);
    // Spans in progress last longer with time, until the trace counts as abandoned.
    const revision = `${stored.revision}${isRecent ? '+' : ''}`;
    const known = this.#derived.get(stored);
    if (known?.revision === revision) return known;
    const trace = viewedTrace(id, withEvaluations(this.#spansUntilNow(stored)));
    const inProgress = isRecent && isUnfinished(trace);
    const derived = { trace, conversations: conversationSpans(trace), inProgress, revision };
    this.#derived.set(stored, derived);
    return derived;
  }

  #isRecent({ arrived }: StoredTrace): boolean {
    return this.#isLive && Date.now() - arrived < IN_PROGRESS_TIMEOUT_MS;
  }

  /**
   * On a live page, a span in progress ends now, or when the last part of its trace arrived
   * if that is long ago.
   */
  #spansUntilNow(stored: StoredTrace): ViewedSpan[] {
    const now = this.#isRecent(stored) ? Date.now() : stored.arrived;
    const end: Time = [Math.trunc(now / 1e3), (now % 1e3) * 1e6];
    return Array.from(stored.spans.values(), (span) => {
      const isGrowing = this.#isLive && span.isOpen && compareTimes(span.start, end) < 0;
      return isGrowing ? { ...span, end } : span;
    });
  }
}

function matching({ rows }: ViewedTrace, filter: TraceFilter): number {
  return filter.onlyErrors || filter.words.trim() !== '' ? findRows(rows, filter).size : rows.length;
}
