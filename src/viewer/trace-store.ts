import { annotatedSpans, liveStore, type SpanNote, SpanStore, type StoredTrace } from './span-store.ts';
import { type CallTotals, callTotals } from './totals.ts';
import { findRows, type TraceFilter } from './trace-filter.ts';
import type { SpanUsage } from './usage.ts';
import { compareTimes, type Time, type ViewedSpan } from './viewed-span.ts';
import {
  conversationSpans,
  isUnderWay,
  MAX_LISTED_LENGTH,
  type ViewedTrace,
  viewedConversation,
  viewedTrace,
} from './viewed-trace.ts';

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
  readonly traces: number;
  readonly underWay: boolean;
  readonly facets: readonly string[];
  /** A text that changes whenever the spans change. */
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

/** A trace, or a conversation as if it were one. */
export interface OpenedTrace {
  readonly trace: ViewedTrace;
  /** The number of spans that did not fit. */
  readonly omitted: number;
}

interface DerivedTrace {
  readonly trace: ViewedTrace;
  readonly conversations: ReadonlyMap<string, readonly ViewedSpan[]>;
  readonly underWay: boolean;
  readonly revision: string;
}

interface ConversationParts {
  readonly spans: ViewedSpan[];
  revision: string;
  underWay: boolean;
}

/** The traces that changed, as the server sends them. */
export interface TraceChanges {
  /** The revision to ask for next. */
  readonly revision: number;
  /** Whether further changes follow after this revision. */
  readonly hasMore: boolean;
  readonly dropped: number;
  readonly traces: readonly (Pick<StoredTrace, 'omitted' | 'arrived'> & {
    readonly id: string;
    readonly spans: readonly ViewedSpan[];
  })[];
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
const UNDER_WAY_TIMEOUT_MS = 10 * 60_000;
const MAX_LISTED_PROMPT_LENGTH = 200;

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

  add(spans: readonly ViewedSpan[], notes: readonly SpanNote[] = []): void {
    this.#stored.take(spans, notes);
  }

  /** Takes over what the server sends. */
  receive({ traces, dropped }: TraceChanges): void {
    for (const { id, spans, omitted, arrived } of traces) {
      for (const span of spans) this.#stored.add(span);
      Object.assign(this.#stored.traces.get(id) ?? {}, { omitted, arrived });
    }
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

  /** What the calls of the traces that match a filter used, by model and tool. */
  totals(filter: TraceFilter): readonly CallTotals[] {
    const traces = Array.from(this.#stored.traces, ([id, stored]) => this.#derive(id, stored).trace);
    return callTotals(traces.filter((trace) => matching(trace, filter) > 0));
  }

  lists(filter: TraceFilter): TraceLists {
    const parts = this.#conversationParts();
    for (const id of this.#conversations.keys()) if (!parts.has(id)) this.#conversations.delete(id);
    const listed = this.#isLive ? [...parts].slice(-MAX_LISTED_CONVERSATIONS) : [...parts];
    const traces = Array.from(this.#stored.traces, ([id, stored]) => {
      const { trace, underWay, revision } = this.#derive(id, stored);
      return entryOf({ kind: 'trace', trace, underWay, revision }, filter);
    });
    const conversations = listed.map(([id, { spans, underWay, revision }]) => {
      const trace = this.#conversation(id, spans, revision);
      return entryOf({ kind: 'conversation', trace, underWay, revision }, filter);
    });
    return {
      traces: this.#inOrder(traces),
      conversations: this.#inOrder(conversations),
      total: this.#stored.traces.size,
      dropped: this.#droppedBefore + this.#stored.dropped,
      unlisted: parts.size - listed.length,
    };
  }

  open({ kind, id }: Pick<TraceEntry, 'kind' | 'id'>): OpenedTrace | undefined {
    if (kind === 'trace') {
      const stored = this.#stored.traces.get(id);
      return stored && { trace: this.#derive(id, stored).trace, omitted: stored.omitted };
    }
    const parts = this.#conversationParts().get(id);
    return parts && { trace: this.#conversation(id, parts.spans, parts.revision), omitted: 0 };
  }

  /** The newest first. If no more spans can arrive, those with errors come before. */
  #inOrder(entries: readonly (TraceEntry | undefined)[]): TraceEntry[] {
    const failed = ({ errors }: TraceEntry): number => Number(!this.#isLive && errors > 0);
    return entries
      .filter((entry) => entry !== undefined)
      .sort((a, b) => failed(b) - failed(a) || compareTimes(b.start, a.start));
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
      const { underWay, revision, conversations } = this.#derive(traceId, stored);
      for (const [id, spans] of conversations) {
        const parts = all.get(id) ?? { spans: [], revision: '', underWay: false };
        for (const span of spans) parts.spans.push(span);
        parts.revision += ` ${revision}`;
        parts.underWay ||= underWay;
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
    const trace = viewedTrace(id, this.#spansUntilNow(stored));
    const underWay = isRecent && isUnderWay(trace);
    const derived = { trace, conversations: conversationSpans(trace), underWay, revision };
    this.#derived.set(stored, derived);
    return derived;
  }

  #isRecent({ arrived }: StoredTrace): boolean {
    return this.#isLive && Date.now() - arrived < UNDER_WAY_TIMEOUT_MS;
  }

  /**
   * The spans with their events. On a live page, a span in progress ends now, or when the last part of its trace arrived
   * if that is long ago.
   */
  #spansUntilNow(stored: StoredTrace): ViewedSpan[] {
    const now = this.#isRecent(stored) ? Date.now() : stored.arrived;
    const end: Time = [Math.trunc(now / 1e3), (now % 1e3) * 1e6];
    return annotatedSpans(stored).map((span) => {
      const isGrowing = this.#isLive && span.isOpen && compareTimes(span.start, end) < 0;
      return isGrowing ? { ...span, end } : span;
    });
  }
}

function matching({ rows }: ViewedTrace, filter: TraceFilter): number {
  return filter.onlyErrors || filter.words.trim() !== '' ? findRows(rows, filter).size : rows.length;
}

/** @returns `undefined` if no span matches the filter */
function entryOf(
  { trace, ...entry }: Pick<TraceEntry, 'kind' | 'underWay' | 'revision'> & { readonly trace: ViewedTrace },
  filter: TraceFilter,
): TraceEntry | undefined {
  const spans = matching(trace, filter);
  if (spans === 0) return undefined;
  const { start, end, prompt, cost, unpriced, errors, outcome } = trace.summary;
  const { inputTokens, outputTokens, estimatedOutputTokens } = trace.summary;
  return {
    ...entry,
    id: trace.traceId,
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
    traces: new Set(trace.roots.map(({ span }) => span.traceId)).size,
    facets: trace.facets,
  };
}
