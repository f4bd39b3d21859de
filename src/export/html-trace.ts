import { atExit } from '../at-exit.ts';
import { warnOnce } from '../guard.ts';
import { type ExportResult, failed, SUCCESS } from './export-result.ts';
import type * as PageMaker from './page-maker.ts';
import { toPageSpan } from './page-span.ts';
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

/** The spans of a trace, each as JSON. */
interface HeldTrace {
  readonly spans: string[];
  size: number;
  omitted: number;
  changed: boolean;
}

/** Where a page goes, and what it says. */
interface Page {
  readonly path: string;
  /** Each as JSON. */
  readonly spans: readonly string[];
  readonly omitted: number;
}

/** Milliseconds from the end of a trace to its page: late spans come with it, and a busy program writes once a second. */
const DELAY = 1000;

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
  /** In order of their first span. */
  readonly #held = new Map<string, HeldTrace>();
  #size = 0;
  /** Spans of traces that gave way to newer ones. */
  #omitted = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #maker: typeof PageMaker | undefined;
  #writing: Promise<void>;
  #forget: (() => void) | undefined;

  constructor(options: HtmlTraceExporterOptions = {}) {
    this.#path = options.path ?? 'openai-traces.html';
    this.#maxSize = options.maxSize ?? 10_485_760;
    // At the exit of the process there is no time to load anything.
    this.#writing = this.#load();
  }

  export(spans: readonly FinishedSpan[], resultCallback: (result: ExportResult) => void): void {
    try {
      // Also after shutdown: the SDK may hold spans back until their resource is known.
      this.#forget ??= atExit(() => this.#writeAll());
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
  }

  #hold(span: FinishedSpan): void {
    const json = JSON.stringify(toPageSpan(span));
    const { traceId } = span.spanContext();
    const trace = this.#held.get(traceId) ?? { spans: [], size: 0, omitted: 0, changed: true };
    this.#held.set(traceId, trace);
    trace.changed = true;
    trace.spans.push(json);
    trace.size += json.length;
    this.#size += json.length;
    for (const [id, oldest] of this.#held) {
      if (this.#size <= this.#maxSize || id === traceId) break;
      this.#held.delete(id);
      this.#size -= oldest.size;
      this.#omitted += oldest.spans.length + oldest.omitted;
    }
    if (this.#size <= this.#maxSize) return;
    trace.spans.pop();
    trace.size -= json.length;
    this.#size -= json.length;
    trace.omitted++;
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.forceFlush(), DELAY);
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
    if (this.#maker === undefined) return;
    const { pageDocument, writePage } = this.#maker;
    for (const { path, spans, omitted } of this.#changedPages()) {
      try {
        writePage(path, pageDocument(spans, omitted));
      } catch (error) {
        warnOnce(`page ${this.#path}`, `the page ${path} cannot be written: ${reasonOf(error)}`);
      }
    }
  }

  #changedPages(): Page[] {
    const changed = [...this.#held].filter(([, trace]) => trace.changed);
    for (const [, trace] of changed) trace.changed = false;
    if (changed.length === 0) return [];
    if (this.#path.includes('{traceId}')) {
      return changed.map(([id, { spans, omitted }]) => ({
        path: this.#path.replaceAll('{traceId}', id.replace(/[^\w-]/g, '_')),
        spans,
        omitted,
      }));
    }
    const traces = [...this.#held.values()];
    return [
      {
        path: this.#path,
        spans: traces.flatMap(({ spans }) => spans),
        omitted: traces.reduce((sum, trace) => sum + trace.omitted, this.#omitted),
      },
    ];
  }
}

/** The code of an error of the system, such as `EACCES`. */
function reasonOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? error).slice(0, 200);
}
