import type { ViewedSpan } from './viewed-span.ts';

export interface StoredTrace {
  readonly spans: Map<string, ViewedSpan>;
  readonly revisions: Map<string, number>;
  size: number;
  /** The number of spans that did not fit. */
  omitted: number;
  /** The revision of the store when the trace last changed. */
  revision: number;
  /** When a part of the trace last arrived, in milliseconds since the epoch. */
  arrived: number;
}

/** Beyond these limits, `evict` drops the least recently updated traces. No trace alone exceeds `maxSize`. */
interface StoreLimits {
  readonly maxTraces: number;
  readonly maxSize: number;
  readonly sizeOf: (span: ViewedSpan) => number;
}

/** Spans by trace. An evaluation arrives separately from its span, so it is kept as a span, too. */
export class SpanStore {
  readonly #limits: StoreLimits;
  /** The least recently updated trace comes first. */
  readonly #traces = new Map<string, StoredTrace>();
  #size = 0;
  #revision: number;
  #dropped = 0;
  #droppedSpans = 0;

  constructor(limits: StoreLimits, revision = 0) {
    this.#limits = limits;
    this.#revision = revision;
  }

  get traces(): ReadonlyMap<string, StoredTrace> {
    return this.#traces;
  }

  get spans(): ViewedSpan[] {
    return [...this.#traces.values()].flatMap(({ spans }) => [...spans.values()]);
  }

  /** The number of spans that did not fit into their traces, or whose traces were dropped. */
  get omitted(): number {
    return [...this.#traces.values()].reduce((sum, { omitted }) => sum + omitted, this.#droppedSpans);
  }

  /** The number of traces that were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  get revision(): number {
    return this.#revision;
  }

  take(spans: readonly ViewedSpan[]): void {
    for (const span of spans) this.add(span);
    this.evict();
  }

  /**
   * Adds a span or replaces it: exporters send a span again if they do not know that it arrived. Requests can arrive out
   * of order, so a span in progress does not replace the ended span.
   */
  add(span: ViewedSpan): void {
    const { maxSize, sizeOf } = this.#limits;
    const { traceId, spanId } = span;
    const found = this.#traces.get(traceId);
    const trace = found ?? {
      spans: new Map(),
      revisions: new Map(),
      size: 0,
      omitted: 0,
      revision: 0,
      arrived: 0,
    };
    // The trace is now the most recently updated one, so it moves to the end.
    this.#traces.delete(traceId);
    this.#traces.set(traceId, trace);
    trace.arrived = Date.now();
    trace.revision = ++this.#revision;
    const known = trace.spans.get(spanId);
    if (span.isOpen && known !== undefined && !known.isOpen) return;
    const growth = sizeOf(span) - (known === undefined ? 0 : sizeOf(known));
    if (trace.size + growth > maxSize) {
      trace.omitted++;
      return;
    }
    trace.spans.set(spanId, span);
    trace.revisions.set(spanId, trace.revision);
    trace.size += growth;
    this.#size += growth;
  }

  /** Call this after a whole batch. Within one, a dropped trace would come back without its first spans. */
  evict(): void {
    const { maxTraces, maxSize } = this.#limits;
    for (const [id, oldest] of this.#traces) {
      if (this.#traces.size <= maxTraces && this.#size <= maxSize) return;
      this.#dropped++;
      this.#droppedSpans += oldest.spans.size + oldest.omitted;
      this.#traces.delete(id);
      this.#size -= oldest.size;
    }
  }
}

const MAX_LIVE_TRACES = 500;
const MAX_LIVE_SIZE = 256 * 2 ** 20;
/** The bytes that a span takes in trees, rows and maps. */
const OVERHEAD = 1_000;

export function liveStore(maxSize: number = MAX_LIVE_SIZE): SpanStore {
  const sizeOf = (span: ViewedSpan): number => OVERHEAD + memoryOf(span);
  // Revisions of a later run are higher, so that a page that stayed open gets all spans of that run.
  return new SpanStore({ maxTraces: MAX_LIVE_TRACES, maxSize, sizeOf }, Date.now() * 1e3);
}

/** A string with other letters than Latin ones, perhaps escaped. It takes two bytes for each character. */
const WIDE = /[\u0100-\uffff]|\\u/;

/**
 * An upper estimate of the memory that a value takes, in bytes. Its length as JSON would be too low: an empty
 * object takes sixty bytes, but only two in JSON. Texts count twice: a filter keeps a copy of them.
 */
function memoryOf(value: unknown): number {
  if (typeof value === 'string') return 16 + (WIDE.test(value) ? 4 : 2) * value.length;
  if (typeof value !== 'object' || value === null) return 16;
  if (Array.isArray(value)) return value.reduce<number>((size, each) => size + 8 + memoryOf(each), 64);
  let size = 64;
  for (const [name, each] of Object.entries(value)) size += 48 + name.length + memoryOf(each);
  return size;
}
