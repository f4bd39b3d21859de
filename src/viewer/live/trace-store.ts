import type { PageSpan } from '../page-span.ts';
import { type SpanNote, SpanStore, type StoredTrace } from '../span-store.ts';
import { type CallTotals, callTotals } from '../totals.ts';
import type { TraceFilter } from '../trace-filter.ts';
import { compareTimes, type FinishedSpan, type Time } from '../tree.ts';
import {
  compareEntries,
  conversationSpans,
  conversationTrace,
  entryOf,
  isUnderWay,
  readTrace,
  type Trace,
  type TraceEntry,
  type TraceLists,
} from '../viewed-trace.ts';

/** The spans of a trace or a conversation. */
export interface StoredSpans {
  readonly spans: readonly PageSpan[];
  /** The number of spans that did not fit. */
  readonly omitted: number;
}

/** A trace with everything derived from it, and the spans of the conversations in it. */
interface ViewedTrace {
  /** The revision of the stored spans from which this was made. */
  readonly revision: number;
  readonly trace: Trace;
  readonly conversations: ReadonlyMap<string, readonly FinishedSpan[]>;
}

const MAX_LIVE_TRACES = 500;
/** The maximum number of conversations listed. Their ids are attributes, so one trace can have any number of them. */
const MAX_LISTED_CONVERSATIONS = 500;
/** The maximum memory of all spans, in bytes. */
const MAX_LIVE_SIZE = 256 * 2 ** 20;
/** The memory that a span or event takes in trees, rows and maps, in bytes. */
const OVERHEAD = 1_000;
/** The time without a new span after which a trace is no longer shown as in progress, even if its root is missing. */
const UNDER_WAY_TIMEOUT_MS = 10 * 60_000;

/** The traces that have arrived. Beyond the limits, the traces that have not changed for longest are dropped. */
export class TraceStore {
  readonly #stored: SpanStore<PageSpan>;
  readonly #viewed = new WeakMap<StoredTrace<PageSpan>, ViewedTrace>();
  readonly #conversations = new Map<string, { key: string; trace: Trace }>();
  #dropped = 0;

  constructor(maxSize: number = MAX_LIVE_SIZE) {
    const dropping = (): unknown => this.#dropped++;
    this.#stored = new SpanStore({
      maxTraces: MAX_LIVE_TRACES,
      maxSize,
      sizeOf: (part) => OVERHEAD + memoryOf(part),
      dropping,
    });
  }

  /** Adds spans and evaluations from one request or file. */
  add(spans: readonly PageSpan[], notes: readonly SpanNote[] = []): void {
    for (const span of spans) {
      const stored = this.#stored.traces.get(span.traceId);
      const known = stored?.spans.get(span.spanId);
      // The derived trace refers to spans that may be replaced now.
      if (stored !== undefined) this.#viewed.delete(stored);
      // Requests can arrive out of order: a span in progress must not replace the ended span.
      if (!span.isOpen || known === undefined || known.isOpen)
        this.#stored.add(span.traceId, span.spanId, span);
    }
    for (const note of notes) this.#stored.annotate(note);
    this.#stored.evict();
  }

  /**
   * Marks traces with spans in progress as changed, because these spans last longer now. @returns whether there are any
   */
  refreshOpen(): boolean {
    const growing = [...this.#stored.traces.values()].filter(
      (each) => isRecent(each) && [...each.spans.values()].some(({ isOpen }) => isOpen),
    );
    for (const trace of growing) this.#stored.renew(trace);
    return growing.length > 0;
  }

  /** What the calls of the traces that match a filter used, by model and tool. */
  totals(filter: TraceFilter): readonly CallTotals[] {
    const traces = [...this.#stored.traces.values()].map((stored) => this.#viewedTrace(stored).trace);
    return callTotals(traces.filter((trace) => entryOf(trace, 'trace', filter) !== undefined));
  }

  lists(filter: TraceFilter): TraceLists {
    const traces: TraceEntry[] = [];
    const underWay = new Set<string>();
    const parts = new Map<string, { spans: FinishedSpan[]; key: string }>();
    for (const [traceId, stored] of this.#stored.traces) {
      if (stored.spans.size === 0) continue;
      const { trace, conversations } = this.#viewedTrace(stored);
      const entry = entryOf(trace, 'trace', filter, String(stored.revision));
      if (isRecent(stored) && isUnderWay(trace)) underWay.add(traceId);
      if (entry !== undefined) traces.push({ ...entry, underWay: underWay.has(traceId) });
      for (const [id, spans] of conversations) {
        const part = parts.get(id) ?? { spans: [], key: '' };
        for (const span of spans) part.spans.push(span);
        part.key += ` ${stored.revision}`;
        // Moved to the end, so that conversations are sorted like traces: by the arrival of their last span.
        parts.delete(id);
        parts.set(id, part);
      }
    }
    for (const id of this.#conversations.keys()) if (!parts.has(id)) this.#conversations.delete(id);
    const newest = [...parts].slice(-MAX_LISTED_CONVERSATIONS);
    const conversations = newest.flatMap(([id, { spans, key }]) => {
      const known = this.#conversations.get(id);
      const trace = known?.key === key ? known.trace : conversationTrace(id, spans);
      this.#conversations.set(id, { key, trace });
      const entry = entryOf(trace, 'conversation', filter, key);
      const isAnyUnderWay = trace.tree.roots.some(({ span }) => underWay.has(span.spanContext().traceId));
      return entry === undefined ? [] : [{ ...entry, underWay: isAnyUnderWay }];
    });
    return {
      traces: traces.sort(compareEntries),
      conversations: conversations.sort(compareEntries),
      total: this.#stored.traces.size,
      dropped: this.#dropped,
      unlisted: parts.size - newest.length,
    };
  }

  trace(id: string): StoredSpans | undefined {
    const stored = this.#stored.traces.get(id);
    return stored && { spans: spansUntilNow(stored), omitted: stored.omitted };
  }

  conversation(id: string): StoredSpans | undefined {
    const spans: PageSpan[] = [];
    for (const stored of this.#stored.traces.values()) {
      const wanted = this.#viewedTrace(stored).conversations.get(id) ?? [];
      const ids = new Set(wanted.map((span) => span.spanContext().spanId));
      if (ids.size === 0) continue;
      for (const span of spansUntilNow(stored)) if (ids.has(span.spanId)) spans.push(span);
    }
    return spans.length === 0 ? undefined : { spans, omitted: 0 };
  }

  #viewedTrace(stored: StoredTrace<PageSpan>): ViewedTrace {
    const known = this.#viewed.get(stored);
    if (known?.revision === stored.revision) return known;
    const trace = readTrace(spansUntilNow(stored));
    const viewed = { revision: stored.revision, trace, conversations: conversationSpans(trace) };
    this.#viewed.set(stored, viewed);
    return viewed;
  }
}

function isRecent({ arrived }: StoredTrace<PageSpan>): boolean {
  return Date.now() - arrived < UNDER_WAY_TIMEOUT_MS;
}

/**
 * The spans with their events. A span in progress ends now, or when the last part of its trace arrived if that is long
 * ago.
 */
function spansUntilNow(stored: StoredTrace<PageSpan>): PageSpan[] {
  const now = isRecent(stored) ? Date.now() : stored.arrived;
  const end: Time = [Math.trunc(now / 1e3), (now % 1e3) * 1e6];
  return Array.from(stored.spans, ([id, span]) => {
    const events = stored.notes.get(id);
    const annotated = events === undefined ? span : { ...span, events: [...(span.events ?? []), ...events] };
    return span.isOpen && compareTimes(span.start, end) < 0 ? { ...annotated, end } : annotated;
  });
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
