import { MAX_NOTES, type SpanNote, withNotes } from '../evaluations.ts';
import type { PageSpan, SpanEvent } from '../page-span.ts';
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
  /** Spans that did not fit. */
  readonly omitted: number;
}

interface StoredTrace {
  readonly spans: Map<string, PageSpan>;
  readonly notes: Map<string, SpanEvent[]>;
  /** The ids of the spans that have not ended. */
  readonly open: Set<string>;
  size: number;
  omitted: number;
  revision: number;
  arrived: number;
  viewed: ViewedTrace | undefined;
}

/** A trace, and the spans of the conversations in it. */
interface ViewedTrace {
  readonly trace: Trace;
  readonly conversations: ReadonlyMap<string, readonly FinishedSpan[]>;
}

const MAX_LIVE_TRACES = 500;
/** The ids of conversations are attributes: one trace can have any number. */
const MAX_LISTED_CONVERSATIONS = 500;
/** Bytes of memory of all spans. */
const MAX_LIVE_SIZE = 256 * 2 ** 20;
/** Bytes of memory that a span takes in trees, rows and maps. */
const SPAN_OVERHEAD = 1_000;
/** A trace whose root has not arrived this long after its last span is no longer in progress. */
const UNDER_WAY_TIMEOUT_MS = 10 * 60_000;

/** The traces that have arrived, within limits: beyond them, those that have been still for longest are dropped. */
export class TraceStore {
  readonly #maxSize: number;
  /** Sorted by the arrival of their last span. */
  readonly #traces = new Map<string, StoredTrace>();
  readonly #conversations = new Map<string, { key: string; trace: Trace }>();
  #size = 0;
  #dropped = 0;
  #revision = 0;

  constructor(maxSize: number = MAX_LIVE_SIZE) {
    this.#maxSize = maxSize;
  }

  /** Changes with every change. */
  get revision(): number {
    return this.#revision;
  }

  /** Adds spans. A span that is there already is replaced: exporters send again what they do not know to have arrived. */
  add(spans: readonly PageSpan[]): void {
    for (const span of spans) {
      const trace = this.#touch(span.traceId);
      this.#put(trace, withNotes(span, trace.notes.get(span.spanId)));
    }
    this.#drop();
  }

  /** Adds events to the spans that they are about. */
  annotate(notes: readonly SpanNote[]): void {
    for (const { traceId, spanId, event } of notes) {
      const trace = this.#touch(traceId);
      const events = trace.notes.get(spanId) ?? [];
      if (events.length >= MAX_NOTES || trace.notes.size >= MAX_NOTES * MAX_NOTES) continue;
      // Exporters send again what they do not know to have arrived, and a file that has changed may be read again.
      if (events.some((known) => JSON.stringify(known) === JSON.stringify(event))) continue;
      events.push(event);
      trace.notes.set(spanId, events);
      this.#grow(trace, memoryOf(event));
      const span = trace.spans.get(spanId);
      if (span !== undefined) this.#put(trace, withNotes(span, [event]));
    }
    this.#drop();
  }

  /** Has traces with open spans read again, which last longer. @returns whether there are any */
  refreshOpen(): boolean {
    const growing = [...this.#traces.values()].filter((each) => each.open.size > 0 && isRecent(each));
    for (const trace of growing) {
      trace.viewed = undefined;
      trace.revision = ++this.#revision;
    }
    return growing.length > 0;
  }

  /** The calls of the traces that a filter finds. */
  totals(filter: TraceFilter): readonly CallTotals[] {
    const traces = [...this.#traces.values()].map((stored) => viewedTrace(stored).trace);
    return callTotals(traces.filter((trace) => entryOf(trace, 'trace', filter) !== undefined));
  }

  lists(filter: TraceFilter): TraceLists {
    const traces: TraceEntry[] = [];
    const underWay = new Set<string>();
    const parts = new Map<string, { spans: FinishedSpan[]; key: string }>();
    for (const [traceId, stored] of this.#traces) {
      if (stored.spans.size === 0) continue;
      const { trace, conversations } = viewedTrace(stored);
      const entry = entryOf(trace, 'trace', filter, String(stored.revision));
      if (isStillUnderWay(stored, trace)) underWay.add(traceId);
      if (entry !== undefined) traces.push({ ...entry, underWay: underWay.has(traceId) });
      for (const [id, spans] of conversations) {
        const part = parts.get(id) ?? { spans: [], key: '' };
        for (const span of spans) part.spans.push(span);
        part.key += ` ${stored.revision}`;
        // Sorted by the arrival of their last span, like traces.
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
      total: this.#traces.size,
      dropped: this.#dropped,
      unlisted: parts.size - newest.length,
    };
  }

  trace(id: string): StoredSpans | undefined {
    const stored = this.#traces.get(id);
    return stored && { spans: spansUntilNow(stored), omitted: stored.omitted };
  }

  conversation(id: string): StoredSpans | undefined {
    const spans: PageSpan[] = [];
    for (const stored of this.#traces.values())
      for (const span of viewedTrace(stored).conversations.get(id) ?? []) {
        const kept = stored.spans.get(span.spanContext().spanId);
        if (kept !== undefined) spans.push(kept);
      }
    return spans.length === 0 ? undefined : { spans, omitted: 0 };
  }

  /** Returns the trace, moved to the end of the order. */
  #touch(id: string): StoredTrace {
    const trace = this.#traces.get(id) ?? {
      spans: new Map(),
      notes: new Map(),
      open: new Set(),
      size: 0,
      omitted: 0,
      revision: 0,
      arrived: 0,
      viewed: undefined,
    };
    this.#traces.delete(id);
    this.#traces.set(id, trace);
    trace.revision = ++this.#revision;
    trace.arrived = Date.now();
    trace.viewed = undefined;
    return trace;
  }

  #put(trace: StoredTrace, span: PageSpan): void {
    const known = trace.spans.get(span.spanId);
    // A request that was sent before may arrive later.
    if (span.isOpen && known !== undefined && !known.isOpen) return;
    if (span.isOpen) trace.open.add(span.spanId);
    else trace.open.delete(span.spanId);
    const growth = memoryOf(span) - (known === undefined ? -SPAN_OVERHEAD : memoryOf(known));
    if (trace.size + growth > this.#maxSize) {
      trace.omitted++;
      return;
    }
    trace.spans.set(span.spanId, span);
    this.#grow(trace, growth);
  }

  #grow(trace: StoredTrace, growth: number): void {
    trace.size += growth;
    this.#size += growth;
  }

  #drop(): void {
    for (const [id, oldest] of this.#traces) {
      if (this.#traces.size <= MAX_LIVE_TRACES && this.#size <= this.#maxSize) return;
      this.#traces.delete(id);
      this.#size -= oldest.size;
      this.#dropped++;
    }
  }
}

function viewedTrace(stored: StoredTrace): ViewedTrace {
  if (stored.viewed === undefined) {
    const trace = readTrace(spansUntilNow(stored));
    stored.viewed = { trace, conversations: conversationSpans(trace) };
  }
  return stored.viewed;
}

function isStillUnderWay(stored: StoredTrace, viewed: Trace): boolean {
  return isRecent(stored) && isUnderWay(viewed);
}

function isRecent({ arrived }: StoredTrace): boolean {
  return Date.now() - arrived < UNDER_WAY_TIMEOUT_MS;
}

/** The spans. Those that have not ended last until now, or until nothing more was heard of them. */
function spansUntilNow(stored: StoredTrace): PageSpan[] {
  const now = isRecent(stored) ? Date.now() : stored.arrived;
  const end: Time = [Math.trunc(now / 1e3), (now % 1e3) * 1e6];
  return Array.from(stored.spans.values(), (span) =>
    span.isOpen && compareTimes(span.start, end) < 0 ? { ...span, end } : span,
  );
}

/**
 * The bytes that a value takes in memory, at most. An empty object takes sixty, and two in JSON. A character takes two:
 * while a filter is set, there is a copy of each text.
 */
function memoryOf(value: unknown): number {
  if (typeof value === 'string') return 16 + 2 * value.length;
  if (typeof value !== 'object' || value === null) return 16;
  if (Array.isArray(value)) return value.reduce<number>((size, each) => size + 8 + memoryOf(each), 64);
  let size = 64;
  for (const [name, each] of Object.entries(value)) size += 48 + name.length + memoryOf(each);
  return size;
}
