import { type SpanNote, SpanStore, type StoredTrace } from './span-store.ts';
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

interface TraceStoreOptions {
  /** The maximum memory of all spans, in bytes. */
  readonly maxSize?: number;
  /** Whether more spans can arrive. If not, nothing is dropped, and nothing is in progress. */
  readonly isLive?: boolean;
}

const MAX_LIVE_TRACES = 500;
/** The maximum number of conversations listed. Their ids are attributes, so one trace can have any number of them. */
const MAX_LISTED_CONVERSATIONS = 500;
const MAX_LIVE_SIZE = 256 * 2 ** 20;
/** The memory that a span or event takes in trees, rows and maps, in bytes. */
const OVERHEAD = 1_000;
/** The time without a new span after which a trace is no longer shown as in progress, even if its root is missing. */
const UNDER_WAY_TIMEOUT_MS = 10 * 60_000;
const MAX_LISTED_PROMPT_LENGTH = 200;

/** The traces of a page. Beyond the limits, the traces that have not changed for longest are dropped. */
export class TraceStore {
  readonly #isLive: boolean;
  readonly #stored: SpanStore<ViewedSpan>;
  readonly #derived = new WeakMap<StoredTrace<ViewedSpan>, DerivedTrace>();
  readonly #conversations = new Map<string, { revision: string; trace: ViewedTrace }>();
  #dropped = 0;

  constructor({ maxSize = MAX_LIVE_SIZE, isLive = true }: TraceStoreOptions = {}) {
    this.#isLive = isLive;
    this.#stored = new SpanStore({
      maxTraces: isLive ? MAX_LIVE_TRACES : Number.POSITIVE_INFINITY,
      maxSize,
      sizeOf: (part) => (isLive ? OVERHEAD + memoryOf(part) : 0),
      dropping: () => this.#dropped++,
    });
  }

  add(spans: readonly ViewedSpan[], notes: readonly SpanNote[] = []): void {
    for (const span of spans) {
      const stored = this.#stored.traces.get(span.traceId);
      const known = stored?.spans.get(span.spanId);
      // The derived trace refers to spans that may be replaced now.
      if (stored !== undefined) this.#derived.delete(stored);
      // Requests can arrive out of order: a span in progress must not replace the ended span.
      if (!span.isOpen || known === undefined || known.isOpen)
        this.#stored.add(span.traceId, span.spanId, span);
    }
    for (const note of notes) this.#stored.annotate(note);
    this.#stored.evict();
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
      dropped: this.#dropped,
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

  #derive(id: string, stored: StoredTrace<ViewedSpan>): DerivedTrace {
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

  #isRecent({ arrived }: StoredTrace<ViewedSpan>): boolean {
    return this.#isLive && Date.now() - arrived < UNDER_WAY_TIMEOUT_MS;
  }

  /**
   * The spans with their events. On a live page, a span in progress ends now, or when the last part of its trace arrived
   * if that is long ago.
   */
  #spansUntilNow(stored: StoredTrace<ViewedSpan>): ViewedSpan[] {
    const now = this.#isRecent(stored) ? Date.now() : stored.arrived;
    const end: Time = [Math.trunc(now / 1e3), (now % 1e3) * 1e6];
    return Array.from(stored.spans, ([id, span]) => {
      const notes = stored.notes.get(id);
      const annotated = notes === undefined ? span : { ...span, events: [...(span.events ?? []), ...notes] };
      const isGrowing = this.#isLive && span.isOpen && compareTimes(span.start, end) < 0;
      return isGrowing ? { ...annotated, end } : annotated;
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

/**
 * The most memory that a value can take, in bytes. An empty object takes sixty bytes, but only two in JSON. A character
 * takes two bytes: while a filter is set, there is a copy of each text.
 */
function memoryOf(value: unknown): number {
  if (typeof value === 'string') return 16 + 2 * value.length;
  if (typeof value !== 'object' || value === null) return 16;
  if (Array.isArray(value)) return value.reduce<number>((size, each) => size + 8 + memoryOf(each), 64);
  let size = 64;
  for (const [name, each] of Object.entries(value)) size += 48 + name.length + memoryOf(each);
  return size;
}
