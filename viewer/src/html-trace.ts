import { evaluationSpan, type FinishedLogRecord } from './evaluations.ts';
import type * as PageFile from './page-file.ts';
import { host } from './shared/host.ts';
import { ownFields } from './shared/own-fields.ts';
import { SpanStore } from './span-store.ts';
import { TraceView } from './view-processor.ts';
import {
  type FinishedSpan,
  isLocalRoot,
  limitedResource,
  limitedSpan,
  type SpanAttributes,
  toViewedSpan,
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
   * The path of the page. Default: `openai-traces.html` in the working directory. Missing folders are created.
   */
  readonly path?: string | undefined;
  /**
   * The maximum size of all spans in memory and on one page, in UTF-16 units of JSON. Default: 10,485,760.
   * Beyond it, and beyond 10,000 traces, the oldest traces are dropped. If one trace alone exceeds it, that
   * trace's newest spans are dropped. The page shows how many spans were dropped.
   */
  readonly maxSize?: number | undefined;
}

/** The maximum number of traces that are kept. */
const MAX_PAGE_TRACES = 10_000;

/** The delay from the end of a trace to its page. It waits for late spans, and limits writes to one a second. */
const WRITE_DELAY_MS = 1000;

/**
 * Writes traces to a page for the browser, with a timeline, the conversation and the cost. The page needs no network.
 * Implements `SpanExporter` and `SpanProcessor` of SDK 2.x and 3.x. Use it for development and test runs rather than in production.
 *
 * The page is written one second after a span without a parent in this process has arrived, on `forceFlush` and
 * `shutdown`, and at the exit of the process. It replaces the previous page atomically and is readable by its owner
 * only, because it contains everything the spans contain. A page that cannot be written is reported once: through `diag`,
 * or on standard error if `diag` has no logger.
 */
export class HtmlTraceExporter extends TraceView {
  readonly #path: string;
  readonly #stored: SpanStore;
  /** The resource of spans that ended before it was complete. */
  #pending: Resource | undefined;
  /** The revision of the spans that were last written. */
  #written = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #page: typeof PageFile | undefined;
  #writing: Promise<void>;
  #forget: (() => void) | undefined;
  #isReported = false;

  constructor(options: HtmlTraceExporterOptions = {}) {
    super();
    const own = ownFields(options);
    this.#path = own.path ?? 'openai-traces.html';
    this.#stored = new SpanStore({
      maxTraces: MAX_PAGE_TRACES,
      maxSize: own.maxSize ?? 10_485_760,
      sizeOf: (span) => JSON.stringify(span).length,
    });
    // Loaded now, because nothing can be loaded while the process exits.
    this.#writing = this.#load();
  }

  protected show(spans: readonly FinishedSpan[]): void {
    // Registers again after a shutdown: the SDK may still export spans that it held back.
    this.#forget ??= host().atExit(() => this.#end());
    for (const span of spans) this.#hold(span);
    this.#stored.evict();
    if (spans.some(isLocalRoot)) this.#schedule();
  }

  /** Shows an evaluation with its span, even if that is on the page already. */
  evaluated(record: FinishedLogRecord): void {
    const evaluation = evaluationSpan(record);
    if (evaluation === undefined) return;
    this.#stored.take([evaluation]);
    this.#schedule();
  }

  /** Writes all traces, complete or not. */
  forceFlush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
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
    const resource: Resource | undefined = span.resource;
    const isPending = resource?.asyncAttributesPending === true;
    if (isPending) {
      this.#pending = resource;
      // The SDK reports resource attributes as pending until somebody waits for them.
      void host().guardAsync('reading a resource', async () => resource.waitForAsyncAttributes?.());
    }
    this.#stored.add(limitedSpan(toViewedSpan(span, isPending ? {} : undefined)));
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
      this.#reportUnwritten(reasonOf(error));
    }
  }

  #write(): void {
    const { revision, spans, omitted } = this.#stored;
    if (this.#page === undefined || revision === this.#written) return;
    try {
      const late = limitedResource(this.#pending?.attributes ?? {});
      const whole = spans.map((span) => ({ ...span, resource: span.resource ?? late }));
      this.#page.writePrivately(this.#path, this.#page.pageDocument(whole, omitted));
      this.#written = revision;
    } catch (error) {
      this.#reportUnwritten(reasonOf(error));
    }
  }

  #reportUnwritten(reason: string): void {
    if (this.#isReported) return;
    this.#isReported = true;
    host().report(`page ${this.#path}`, `the page ${this.#path} cannot be written: ${reason}`);
  }

  #end(): void {
    this.#write();
    if (this.#page === undefined && this.#stored.traces.size > 0)
      this.#reportUnwritten('the process exited too early');
  }
}

function reasonOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? error).slice(0, 200);
}
