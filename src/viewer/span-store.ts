import {
  type FinishedSpan,
  limitedResource,
  limitedSpan,
  type SpanAttributes,
  type SpanEvent,
  toViewedSpan,
  type ViewedSpan,
} from './viewed-span.ts';

/** An event that names the span that it is about, such as an evaluation. It may arrive before the span. */
export interface SpanNote {
  readonly traceId: string;
  readonly spanId: string;
  readonly event: SpanEvent;
}

export interface StoredTrace<Span> {
  readonly spans: Map<string, Span>;
  /** Events, by the id of the span that they are about. */
  readonly notes: Map<string, readonly SpanEvent[]>;
  size: number;
  /** The number of spans that did not fit. */
  omitted: number;
  /** A number that changes whenever the trace changes. */
  revision: number;
  /** When a part of the trace last arrived, in milliseconds since the epoch. */
  arrived: number;
}

/** Beyond these limits, `evict` drops the traces whose last part is oldest. No single trace exceeds `maxSize`. */
interface StoreLimits<Span> {
  readonly maxTraces: number;
  readonly maxSize: number;
  readonly sizeOf: (part: Span | SpanEvent) => number;
  readonly dropping?: (traceId: string, trace: StoredTrace<Span>) => void;
}

const MAX_NOTES = 100;
const MAX_NOTED_SPANS = 10_000;

/** Spans by trace, and the events that arrive separately from them. */
export class SpanStore<Span> {
  readonly #limits: StoreLimits<Span>;
  /** Sorted by when a part of each trace last arrived. */
  readonly #traces = new Map<string, StoredTrace<Span>>();
  #size = 0;
  #revision = 0;

  constructor(limits: StoreLimits<Span>) {
    this.#limits = limits;
  }

  get traces(): ReadonlyMap<string, StoredTrace<Span>> {
    return this.#traces;
  }

  /** Adds a span or replaces it: exporters send a span again if they do not know that it arrived. */
  add(traceId: string, spanId: string, span: Span): void {
    const { maxSize, sizeOf } = this.#limits;
    const trace = this.#touch(traceId);
    const known = trace.spans.get(spanId);
    const growth = sizeOf(span) - (known === undefined ? 0 : sizeOf(known));
    const fits = trace.size + growth <= maxSize;
    if (fits) trace.spans.set(spanId, span);
    else trace.omitted++;
    this.#grow(trace, fits ? growth : 0);
  }

  /** Adds an event, unless it is there already: exporters may send it twice. */
  annotate({ traceId, spanId, event }: SpanNote): void {
    const trace = this.#touch(traceId);
    const events = trace.notes.get(spanId) ?? [];
    const size = this.#limits.sizeOf(event);
    if (events.length >= MAX_NOTES || trace.notes.size >= MAX_NOTED_SPANS) return;
    if (trace.size + size > this.#limits.maxSize) return;
    if (events.some((known) => JSON.stringify(known) === JSON.stringify(event))) return;
    trace.notes.set(spanId, [...events, event]);
    this.#grow(trace, size);
  }

  /** Called only after a batch: within it, a trace that was dropped would come back without its first spans. */
  evict(): void {
    const { maxTraces, maxSize, dropping } = this.#limits;
    for (const [id, oldest] of this.#traces) {
      if (this.#traces.size <= maxTraces && this.#size <= maxSize) return;
      dropping?.(id, oldest);
      this.#traces.delete(id);
      this.#size -= oldest.size;
    }
  }

  renew(trace: StoredTrace<Span>): void {
    trace.revision = ++this.#revision;
  }

  /** Returns the trace, and moves it to the end of the order. */
  #touch(id: string): StoredTrace<Span> {
    const trace = this.#traces.get(id) ?? {
      spans: new Map(),
      notes: new Map(),
      size: 0,
      omitted: 0,
      revision: 0,
      arrived: 0,
    };
    this.#traces.delete(id);
    this.#traces.set(id, trace);
    trace.arrived = Date.now();
    this.renew(trace);
    return trace;
  }

  #grow(trace: StoredTrace<Span>, growth: number): void {
    trace.size += growth;
    this.#size += growth;
  }
}

/** A resource of the SDK. The SDK logs an error if the attributes are read while some of them are pending. */
interface Resource {
  readonly attributes: SpanAttributes;
  readonly asyncAttributesPending?: boolean;
  waitForAsyncAttributes?(): Promise<void>;
}

/** A span as JSON for a page. `resource` is set while some of the resource's attributes are pending. */
export interface HeldSpan {
  readonly json: string;
  readonly resource?: Resource | undefined;
}

export function toHeldSpan(span: FinishedSpan): HeldSpan {
  const resource: Resource | undefined = span.resource;
  if (resource?.asyncAttributesPending !== true)
    return { json: JSON.stringify(limitedSpan(toViewedSpan(span))) };
  return { json: JSON.stringify(limitedSpan(toViewedSpan(span, {}))), resource };
}

export function spansOnPage({ spans, notes }: StoredTrace<HeldSpan>): string[] {
  return Array.from(spans, ([id, { json, resource }]) => {
    const events = notes.get(id);
    if (events === undefined && resource === undefined) return json;
    const span = JSON.parse(json) as ViewedSpan;
    return JSON.stringify({
      ...span,
      events: [...(span.events ?? []), ...(events ?? [])],
      resource: span.resource ?? limitedResource(resource?.attributes ?? {}),
    });
  });
}
