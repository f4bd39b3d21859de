import { BoundedMap } from '../util/bounded-map.ts';
import { type ExportResult, failed, SUCCESS } from '../util/export-result.ts';
import { guardAsync, warnOnce } from '../util/guard.ts';
import { logsWarnings } from '../util/otel-api.ts';
import { atExit } from '../util/process-events.ts';
import { terminalSafe } from '../util/terminal-safe.ts';
import { printToStderr } from '../util/text-stream.ts';
import { evaluationSpan, type ShownEvaluation } from './evaluations.ts';
import { attributeText } from './messages.ts';
import type * as PageFile from './page-file.ts';
import { SpanStore, type StoredTrace, spanCount } from './span-store.ts';
import {
  type FinishedSpan,
  isLocalRoot,
  limitedResource,
  limitedSpan,
  type SpanAttributes,
  toViewedSpan,
  type ViewedSpan,
} from './viewed-span.ts';

/** A resource of the SDK. The SDK logs an error if the attributes are read while some of them are pending. */
interface Resource {
  readonly attributes: SpanAttributes;
  readonly asyncAttributesPending?: boolean;
  waitForAsyncAttributes?(): Promise<void>;
}

/** Options of {@link HtmlTraceExporter}. */
export interface HtmlTraceExporterOptions {
  /**
   * The path of the page. Default: `openai-traces.html` in the working directory. With `{traceId}` in the path, each
   * trace gets its own page; otherwise one page has all traces. Missing folders are created.
   */
  readonly path?: string | undefined;
  /**
   * The maximum size of all spans in memory and on one page, in UTF-16 units of JSON. Default: 10,485,760.
   * Beyond it, and beyond 10,000 traces, the oldest traces are dropped. If one trace alone exceeds it, that
   * trace's newest spans are dropped. The page shows how many spans were dropped.
   */
  readonly maxSize?: number | undefined;
}

/** The maximum number of traces that are kept, and of finished pages that late spans must not overwrite. */
const MAX_PAGE_TRACES = 10_000;

/** The delay from the end of a trace to its page. It waits for late spans, and limits writes to one a second. */
const WRITE_DELAY_MS = 1000;

/**
 * Writes traces to a page for the browser, with a timeline, the conversation and the cost. The page needs no network.
 * Implements `SpanExporter` of SDK 2.x and 3.x. Use it for development and test runs rather than in production.
 *
 * The page is written one second after a span without a parent in this process has arrived, on `forceFlush` and
 * `shutdown`, and at the exit of the process. It replaces the previous page atomically and is readable by its owner
 * only, because it contains everything the spans contain. A page that cannot be written is reported once: through `diag`,
 * or on standard error if `diag` has no logger.
 */
export class HtmlTraceExporter {
  readonly #path: string;
  readonly #isPerTrace: boolean;
  readonly #stored: SpanStore;
  /** The resources that were not complete when a span arrived, by the span's attributes. */
  readonly #pending = new WeakMap<SpanAttributes, Resource>();
  /** The revision of each trace when it was last written to a page. */
  readonly #written = new WeakMap<StoredTrace, number>();
  readonly #failures = new WeakMap<StoredTrace, number>();
  readonly #closed = new BoundedMap<string, true>(MAX_PAGE_TRACES);
  /** The number of spans on no page: dropped to keep newer traces, or too late for their trace's own page. */
  #omitted = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #page: typeof PageFile | undefined;
  #writing: Promise<void>;
  #forget: (() => void) | undefined;
  #isReported = false;

  constructor(options: HtmlTraceExporterOptions = {}) {
    this.#path = options.path ?? 'openai-traces.html';
    this.#isPerTrace = this.#path.includes('{traceId}');
    this.#stored = new SpanStore({
      maxTraces: MAX_PAGE_TRACES,
      maxSize: options.maxSize ?? 10_485_760,
      sizeOf: (span) => JSON.stringify(span).length,
      dropping: (id, trace) => this.#close(id, trace),
    });
    // Loaded now, because nothing can be loaded while the process exits.
    this.#writing = this.#load();
  }

  export(spans: readonly FinishedSpan[], resultCallback: (result: ExportResult) => void): void {
    try {
      // Registers again after a shutdown: the SDK may still export spans that it held back.
      this.#forget ??= atExit(() => this.#end());
      for (const span of spans) this.#hold(span);
      this.#stored.evict();
      if (spans.some(isLocalRoot)) this.#schedule();
    } catch (error) {
      resultCallback(failed(error));
      return;
    }
    resultCallback(SUCCESS);
  }

  /** Shows an evaluation with its span, even if the span is on a page already. Ignores evaluations without a span. */
  evaluated({ traceId, spanId, event }: ShownEvaluation): void {
    if (traceId === undefined || spanId === undefined || this.#closed.get(traceId) === true) return;
    this.#stored.take([evaluationSpan({ traceId, spanId, event })]);
    const trace = this.#stored.traces.get(traceId);
    if (trace !== undefined && this.#isStale(trace)) this.#schedule();
  }

  /** Writes all traces, complete or not. */
  forceFlush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#writeAll());
    return this.#writing;
  }

  async shutdown(): Promise<void> {
    const forget = this.#forget;
    this.#forget = undefined;
    await this.forceFlush();
    forget?.();
    this.#end();
  }

  #hold(span: FinishedSpan): void {
    const traceId = attributeText(span.spanContext().traceId);
    if (this.#closed.get(traceId) === true) return void this.#omitted++;
    const resource: Resource | undefined = span.resource;
    const isPending = resource?.asyncAttributesPending === true;
    const held = limitedSpan(toViewedSpan(span, isPending ? {} : undefined));
    if (isPending) {
      this.#pending.set(held.attributes, resource);
      // The SDK reports resource attributes as pending until somebody waits for them.
      void guardAsync('reading a resource', async () => resource.waitForAsyncAttributes?.());
    }
    this.#stored.add(held);
  }

  /** Called before a trace is dropped. If each trace has its own page, writes that page. */
  #close(id: string, trace: StoredTrace): void {
    if (this.#isPerTrace && this.#isStale(trace)) this.#writeTrace(id, trace);
    if (!this.#isPerTrace || this.#page === undefined) this.#omitted += spanCount(trace) + trace.omitted;
    if (this.#isPerTrace && spanCount(trace) > 0) this.#closed.set(id, true);
  }

  #isStale(trace: StoredTrace): boolean {
    return this.#written.get(trace) !== trace.revision && spanCount(trace) + trace.omitted > 0;
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.forceFlush(), WRITE_DELAY_MS);
    (this.#timer as { unref?: () => void }).unref?.();
  }

  async #load(): Promise<void> {
    try {
      this.#page = await import('./page-file.ts');
    } catch (error) {
      this.#reportUnwritten(this.#path, reasonOf(error));
    }
  }

  #writeAll(): void {
    const stale = [...this.#stored.traces].filter(([, trace]) => this.#isStale(trace));
    const failures = (trace: StoredTrace): number => this.#failures.get(trace) ?? 0;
    if (!this.#isPerTrace) {
      if (stale.length > 0) this.#write(this.#path, [...this.#stored.traces.values()], this.#omitted);
      return;
    }
    // Pages that failed least often come first. Stop at one that fails again: building all can take seconds.
    for (const [id, trace] of stale.sort(([, a], [, b]) => failures(a) - failures(b))) {
      if (this.#writeTrace(id, trace)) continue;
      this.#failures.set(trace, failures(trace) + 1);
      if (failures(trace) > 1) return;
    }
  }

  #writeTrace(id: string, trace: StoredTrace): boolean {
    return this.#write(this.#path.replaceAll('{traceId}', id.replace(/[^\w-]/g, '_')), [trace], 0);
  }

  #write(path: string, traces: readonly StoredTrace[], omitted: number): boolean {
    if (this.#page === undefined) return false;
    const { pageDocument, writePrivately } = this.#page;
    const written = traces.map((trace) => [trace, trace.revision] as const);
    const left = traces.reduce((sum, trace) => sum + trace.omitted, omitted);
    try {
      const spans = traces.flatMap((trace) => [...trace.spans.values()]);
      writePrivately(path, pageDocument(spans.map(this.#withResource, this), left));
      for (const [trace, revision] of written) this.#written.set(trace, revision);
      return true;
    } catch (error) {
      this.#reportUnwritten(path, reasonOf(error));
      return false;
    }
  }

  #withResource(span: ViewedSpan): ViewedSpan {
    const resource = this.#pending.get(span.attributes);
    return resource === undefined ? span : { ...span, resource: limitedResource(resource.attributes) };
  }

  #reportUnwritten(path: string, reason: string): void {
    const problem = `the page ${path} cannot be written: ${reason}`;
    warnOnce(`page ${this.#path}`, problem);
    if (this.#isReported || logsWarnings()) return;
    this.#isReported = true;
    printToStderr(terminalSafe(problem));
  }

  #end(): void {
    this.#writeAll();
    if (this.#page === undefined && this.#stored.traces.size > 0)
      this.#reportUnwritten(this.#path, 'the process exited too early');
    // A page with all traces shows this number itself.
    if (this.#isPerTrace && this.#omitted > 0)
      warnOnce(
        `left out ${this.#path}`,
        `${this.#omitted} spans arrived too late for the pages of their traces`,
      );
  }
}

function reasonOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? error).slice(0, 200);
}
