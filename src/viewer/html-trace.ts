import { BoundedMap } from '../util/bounded-map.ts';
import { type ExportResult, failed, SUCCESS } from '../util/export-result.ts';
import { guardAsync, warnOnce } from '../util/guard.ts';
import { logsWarnings } from '../util/otel-api.ts';
import { atExit } from '../util/process-events.ts';
import { terminalSafe } from '../util/terminal-safe.ts';
import { printToStderr } from '../util/text-stream.ts';
import type { ShownEvaluation } from './evaluations.ts';
import { attributeText } from './messages.ts';
import type * as PageFile from './page-file.ts';
import { type HeldSpan, type SpanEvent, toHeldSpan, withEvents, withResource } from './page-span.ts';
import { type FinishedSpan, isLocalRoot } from './tree.ts';

/** Options of {@link HtmlTraceExporter}. */
export interface HtmlTraceExporterOptions {
  /**
   * The path of the page. Default: `openai-traces.html` in the working directory. With `{traceId}` in the path, each
   * trace gets its own page; otherwise one page has all traces. Missing folders are created.
   */
  readonly path?: string | undefined;
  /**
   * The maximum size of all spans kept in memory and written to one page, in UTF-16 units of JSON. Default: 10,485,760.
   * Beyond it, the oldest traces are dropped, and then the newest spans of the last trace. The page shows how many.
   */
  readonly maxSize?: number | undefined;
}

interface PageTrace {
  readonly spans: HeldSpan[];
  size: number;
  omitted: number;
  /** Whether the page has all its spans, or could not be written. */
  page: 'stale' | 'written' | 'failed';
}

/** Traces that have their own page and are no longer kept: a late span must not overwrite the page. */
const MAX_CLOSED = 10_000;
/** Spans whose evaluations are kept, also before they end, and evaluations of one span. */
const MAX_EVALUATED = 1_000;
const MAX_KEPT_EVALUATIONS = 100;

/** The delay from the end of a trace to its page. It includes late spans, and limits a busy program to one write a second. */
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
  readonly #maxSize: number;
  readonly #isPerTrace: boolean;
  /** Sorted by the arrival of their last span. */
  readonly #held = new Map<string, PageTrace>();
  #size = 0;
  readonly #closed = new BoundedMap<string, true>(MAX_CLOSED);
  /** By the id of the span that they are about. */
  readonly #evaluations = new BoundedMap<string, SpanEvent[]>(MAX_EVALUATED);
  /** The number of spans that were dropped for newer traces and are on no page. */
  #omitted = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #page: typeof PageFile | undefined;
  #writing: Promise<void>;
  #forget: (() => void) | undefined;
  #isReported = false;

  constructor(options: HtmlTraceExporterOptions = {}) {
    this.#path = options.path ?? 'openai-traces.html';
    this.#isPerTrace = this.#path.includes('{traceId}');
    this.#maxSize = options.maxSize ?? 10_485_760;
    // Loaded now, because nothing can be loaded at the exit of the process.
    this.#writing = this.#load();
  }

  export(spans: readonly FinishedSpan[], resultCallback: (result: ExportResult) => void): void {
    try {
      // Again after a shutdown, which does not wait for spans that the SDK holds back.
      this.#forget ??= atExit(() => this.#end());
      for (const span of spans) this.#hold(span);
      if (spans.some(isLocalRoot)) this.#schedule();
    } catch (error) {
      resultCallback(failed(error));
      return;
    }
    resultCallback(SUCCESS);
  }

  /** Shows an evaluation with its span, even if the span is on a page already. Ignores evaluations without a span. */
  evaluated({ traceId, spanId, event }: ShownEvaluation): void {
    if (traceId === undefined || spanId === undefined) return;
    const known = this.#evaluations.get(spanId) ?? [];
    if (known.length >= MAX_KEPT_EVALUATIONS) return;
    this.#evaluations.set(spanId, [...known, event]);
    const trace = this.#held.get(traceId);
    if (trace === undefined) return;
    trace.page = 'stale';
    this.#schedule();
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
    const held = toHeldSpan(span);
    const size = held.json.length;
    // A resource stays pending until it is awaited.
    if (held.resource !== undefined)
      void guardAsync('reading a resource', async () => held.resource?.waitForAsyncAttributes?.());
    const trace = this.#held.get(traceId) ?? { spans: [], size: 0, omitted: 0, page: 'stale' };
    // Moves the trace to the end of the order: the trace that grows is dropped last.
    this.#held.delete(traceId);
    this.#held.set(traceId, trace);
    trace.page = 'stale';
    trace.spans.push(held);
    trace.size += size;
    this.#size += size;
    for (const [id, oldest] of this.#held) {
      if (this.#size <= this.#maxSize || id === traceId) break;
      this.#close(id, oldest);
    }
    if (this.#size <= this.#maxSize) return;
    trace.spans.pop();
    trace.size -= size;
    this.#size -= size;
    trace.omitted++;
  }

  /** Drops a trace. With one page per trace, writes its page first. */
  #close(id: string, trace: PageTrace): void {
    if (this.#isPerTrace && trace.page !== 'written') this.#writeTrace(id, trace);
    if (!this.#isPerTrace || trace.page === 'stale') this.#omitted += trace.spans.length + trace.omitted;
    this.#held.delete(id);
    this.#size -= trace.size;
    if (this.#isPerTrace) this.#closed.set(id, true);
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
    const waiting = [...this.#held].filter(([, trace]) => trace.page !== 'written');
    if (!this.#isPerTrace) {
      if (waiting.length > 0) this.#write(this.#path, [...this.#held.values()], this.#omitted);
      return;
    }
    let hasFailed = false;
    for (const [id, trace] of waiting) {
      // They would probably fail again, and building thousands of pages takes seconds.
      if (hasFailed && trace.page === 'failed') continue;
      this.#writeTrace(id, trace);
      hasFailed ||= trace.page === 'failed';
    }
  }

  #writeTrace(id: string, trace: PageTrace): void {
    this.#write(this.#path.replaceAll('{traceId}', id.replace(/[^\w-]/g, '_')), [trace], 0);
  }

  #write(path: string, traces: readonly PageTrace[], omitted: number): void {
    if (this.#page === undefined) return;
    const { pageDocument, writePage } = this.#page;
    // Before the page is written, because spans may end meanwhile.
    for (const trace of traces) trace.page = 'written';
    try {
      const spans = traces.flatMap((trace) => trace.spans.map((held) => this.#jsonOf(held)));
      writePage(
        path,
        pageDocument(
          spans,
          traces.reduce((sum, trace) => sum + trace.omitted, omitted),
        ),
      );
    } catch (error) {
      for (const trace of traces) trace.page = 'failed';
      this.#reportUnwritten(path, reasonOf(error));
    }
  }

  #reportUnwritten(path: string, reason: string): void {
    const problem = `the page ${path} cannot be written: ${reason}`;
    warnOnce(`page ${this.#path}`, problem);
    if (this.#isReported || logsWarnings()) return;
    this.#isReported = true;
    printToStderr(terminalSafe(problem));
  }

  #jsonOf(held: HeldSpan): string {
    const evaluations = this.#evaluations.get(held.spanId);
    const json = withResource(held);
    return evaluations === undefined ? json : withEvents(json, evaluations);
  }

  #end(): void {
    this.#writeAll();
    if (this.#page === undefined && this.#held.size > 0)
      this.#reportUnwritten(this.#path, 'the process exited too early');
    // A page for all traces shows the number itself.
    if (this.#isPerTrace && this.#omitted > 0)
      warnOnce(
        `left out ${this.#path}`,
        `${this.#omitted} spans arrived too late for the pages of their traces`,
      );
  }
}

/** The code of a system error, such as `EACCES`, or else the error as text. */
function reasonOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? error).slice(0, 200);
}
