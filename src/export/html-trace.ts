import { guardAsync, warnOnce } from '../util/guard.ts';
import { BoundedMap } from '../util/lru-map.ts';
import { atExit } from '../util/process-exit.ts';
import { type ExportResult, failed, SUCCESS } from './export-result.ts';
import type * as PageMaker from './page-maker.ts';
import { type HeldSpan, toHeldSpan, withResource } from './page-span.ts';
import { attributeText } from './span-details.ts';
import { type FinishedSpan, isLocalRoot } from './tree.ts';

/** Options of {@link HtmlTraceExporter}. */
export interface HtmlTraceExporterOptions {
  /**
   * Where the page is written. Default: `openai-traces.html` in the current folder. Where it contains `{traceId}`, each
   * trace gets a page of its own; otherwise one page has all of them. Folders are made where they are missing.
   */
  readonly path?: string;
  /**
   * The most that is held of spans, and written to one page, in UTF-16 units of JSON. Default: 10,485,760. Beyond that
   * the oldest traces are left out, and of a single trace the newest spans; the page says how many.
   */
  readonly maxSize?: number;
}

interface PageTrace {
  readonly spans: HeldSpan[];
  size: number;
  omitted: number;
  changed: boolean;
}

/** Traces that have a page of their own and are not held any more: no late span may take its place. */
const MAX_CLOSED = 10_000;

/** Milliseconds from the end of a trace to its page: late spans come with it, and a busy program writes once a second. */
const WRITE_DELAY_MS = 1000;

/**
 * Writes finished traces as a page to be opened in a browser: what happened in time, the conversation, its cost. It
 * needs no network, and neither does the page. An implementation of the trace SDK's `SpanExporter` (2.x and 3.x), for
 * one's own machine or a test run rather than for production.
 *
 * The page is written a second after a span without a parent in this process has arrived, by `forceFlush` and `shutdown`
 * and at the exit of the process; each time as a whole and under another name first, so that a browser never finds
 * half of it. It is readable by its owner alone, as it holds what the spans hold. What cannot be written is said once
 * through `diag`.
 */
export class HtmlTraceExporter {
  readonly #path: string;
  readonly #maxSize: number;
  readonly #isPerTrace: boolean;
  /** In order of their last span. */
  readonly #held = new Map<string, PageTrace>();
  #size = 0;
  readonly #closed = new BoundedMap<string, true>(MAX_CLOSED);
  /** Spans of traces that gave way to newer ones, as far as no page has them. */
  #omitted = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #maker: typeof PageMaker | undefined;
  #writing: Promise<void>;
  #forget: (() => void) | undefined;

  constructor(options: HtmlTraceExporterOptions = {}) {
    this.#path = options.path ?? 'openai-traces.html';
    this.#isPerTrace = this.#path.includes('{traceId}');
    this.#maxSize = options.maxSize ?? 10_485_760;
    // At the exit of the process there is no time to load anything.
    this.#writing = this.#load();
  }

  export(spans: readonly FinishedSpan[], resultCallback: (result: ExportResult) => void): void {
    try {
      // Also after shutdown, which does not wait for spans that the SDK holds back.
      this.#forget ??= atExit(() => this.#end());
      for (const span of spans) this.#hold(span);
      if (spans.some(isLocalRoot)) this.#schedule();
    } catch (error) {
      resultCallback(failed(error));
      return;
    }
    resultCallback(SUCCESS);
  }

  /** Writes what is held, finished or not. */
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
    // A resource stays pending until somebody waits for it.
    if (held.resource !== undefined)
      void guardAsync('reading a resource', async () => held.resource?.waitForAsyncAttributes?.());
    const trace = this.#held.get(traceId) ?? { spans: [], size: 0, omitted: 0, changed: true };
    // The trace that grows is the last to give way.
    this.#held.delete(traceId);
    this.#held.set(traceId, trace);
    trace.changed = true;
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

  /** Makes room. A trace that has a page of its own is in it from now on. */
  #close(id: string, trace: PageTrace): void {
    if (this.#isPerTrace && trace.changed) this.#writeTrace(id, trace);
    if (!this.#isPerTrace || trace.changed) this.#omitted += trace.spans.length + trace.omitted;
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
      this.#maker = await import('./page-maker.ts');
    } catch (error) {
      warnOnce('page', `pages of traces cannot be made here: ${reasonOf(error)}`);
    }
  }

  #writeAll(): void {
    const changed = [...this.#held].filter(([, trace]) => trace.changed);
    if (this.#isPerTrace) for (const [id, trace] of changed) this.#writeTrace(id, trace);
    else if (changed.length > 0) this.#write(this.#path, [...this.#held.values()], this.#omitted);
  }

  #writeTrace(id: string, trace: PageTrace): void {
    this.#write(this.#path.replaceAll('{traceId}', id.replace(/[^\w-]/g, '_')), [trace], 0);
  }

  #write(path: string, traces: readonly PageTrace[], omitted: number): void {
    if (this.#maker === undefined) return;
    const { pageDocument, writePage } = this.#maker;
    for (const trace of traces) trace.changed = false;
    try {
      const spans = traces.flatMap((trace) => trace.spans.map(withResource));
      writePage(
        path,
        pageDocument(
          spans,
          traces.reduce((sum, trace) => sum + trace.omitted, omitted),
        ),
      );
    } catch (error) {
      warnOnce(`page ${this.#path}`, `the page ${path} cannot be written: ${reasonOf(error)}`);
    }
  }

  #end(): void {
    this.#writeAll();
    // Of one page for all, the page itself says it.
    if (this.#isPerTrace && this.#omitted > 0)
      warnOnce(
        `left out ${this.#path}`,
        `${this.#omitted} spans came too late for the pages of their traces`,
      );
  }
}

/** The code of an error of the system, such as `EACCES`. */
function reasonOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? error).slice(0, 200);
}
