import { isOpenTrace } from '../telemetry/open-traces.ts';
import { guard } from '../util/guard.ts';
import { BoundedMap } from '../util/lru-map.ts';
import { atExit } from '../util/process-exit.ts';
import { terminalSafe } from '../util/terminal-safe.ts';
import { type TextStream, writeTo } from '../util/text-stream.ts';
import { type ExportResult, failed, SUCCESS } from './export-result.ts';
import { attributeText } from './span-details.ts';
import { drawSteps, drawSummary } from './summary-view.ts';
import { wantsColor } from './terminal-text.ts';
import { summarize } from './trace-summary.ts';
import { buildTrees, type FinishedSpan, isLocalRoot, rowsOf, type TraceTree } from './tree.ts';
import { drawTree, type TreeViewOptions } from './tree-view.ts';

/** Options of {@link ConsoleTreeExporter}. */
export interface ConsoleTreeExporterOptions {
  /** Default: `process.stderr`, looked up when there is something to write; without it the console. */
  readonly stream?: TextStream;
  /** Default: on a terminal, as `NO_COLOR`, `FORCE_COLOR` and `TERM=dumb` say. */
  readonly color?: boolean;
  /** Attributes to show as `name=value` beside the usual ones. */
  readonly attributes?: readonly string[];
  /**
   * A panel below each trace: its id, prompt (where content was recorded), model, project, environment,
   * latency, tokens, cost, retries, steps and status. Default: false, since most of it stands in the tree already.
   */
  readonly summary?: boolean;
  /** A numbered table of the calls of models and tools below each trace. Default: false, for the same reason. */
  readonly steps?: boolean;
}

/** Spans of a trace that wait to be printed. */
interface UnprintedTrace {
  readonly spans: FinishedSpan[];
  dropped: number;
  /** Part of the trace is printed already. */
  readonly continued: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
  waits: number;
}

const MAXIMUM_TRACES = 1000;
const MAXIMUM_SPANS_PER_TRACE = 10_000;
/** Milliseconds from the arrival of a trace's root to its printing, for spans that end just after the root. */
const PRINT_DELAY_MS = 200;
/** How often that is waited again for a conversation or a run that goes on: five seconds, as its steps are read by then. */
const MAX_WAITS = 24;
/** The width assumed of a terminal that does not tell. */
const USUAL_COLUMNS = 80;

/**
 * Prints every trace as a tree: a line per span with its duration, ids, status, tokens, cost and errors. An
 * implementation of the trace SDK's `SpanExporter` (2.x and 3.x), for a `SimpleSpanProcessor` or a batching one.
 *
 * A trace is printed 200 ms after its root (a span without a parent in this process) has arrived, up to five seconds
 * later while a conversation or a run in it goes on, or earlier by `forceFlush`; one whose root never arrives by `shutdown`, at the exit of the process, or when more than
 * 1,000 traces wait. Spans that come after their trace was printed form a tree of their own below a line with
 * the trace id. Of a trace at most 10,000 spans are held, the others counted. Nothing here keeps the process
 * alive, and nothing throws.
 */
export class ConsoleTreeExporter {
  readonly #options: ConsoleTreeExporterOptions;
  /** In order of their first span. */
  readonly #held = new Map<string, UnprintedTrace>();
  /** The ids of the last printed traces. */
  readonly #printed = new BoundedMap<string, true>(MAXIMUM_TRACES);
  readonly #printAll = (): void => this.#print([...this.#held.keys()]);
  #forget: (() => void) | undefined;
  #shutDown = false;

  constructor(options: ConsoleTreeExporterOptions = {}) {
    this.#options = options;
  }

  export(spans: readonly FinishedSpan[], resultCallback: (result: ExportResult) => void): void {
    try {
      this.#forget ??= atExit(this.#printAll);
      for (const span of spans) this.#hold(span);
      const excess = this.#held.size - MAXIMUM_TRACES;
      if (excess > 0) this.#print([...this.#held.keys()].slice(0, excess));
      // The SDK may hold spans back until their resource is known, and not wait for that at its shutdown.
      if (this.#shutDown) void this.forceFlush();
    } catch (error) {
      resultCallback(failed(error));
      return;
    }
    resultCallback(SUCCESS);
  }

  /** Prints the traces whose root has arrived. */
  forceFlush(): Promise<void> {
    this.#print([...this.#held].filter(([, trace]) => trace.timer !== undefined).map(([id]) => id));
    return Promise.resolve();
  }

  /** Prints all that is held. */
  shutdown(): Promise<void> {
    this.#shutDown = true;
    this.#forget?.();
    this.#forget = undefined;
    this.#printAll();
    return Promise.resolve();
  }

  #hold(span: FinishedSpan): void {
    const traceId = attributeText(span.spanContext().traceId);
    let trace = this.#held.get(traceId);
    if (trace === undefined) {
      trace = {
        spans: [],
        dropped: 0,
        continued: this.#printed.get(traceId) === true,
        timer: undefined,
        waits: 0,
      };
      this.#held.set(traceId, trace);
    }
    // The parents of late spans are printed already, so there is no root to wait for.
    const complete = isLocalRoot(span) || trace.continued;
    const isFirstRoot = complete && trace.timer === undefined;
    // The first root has a place even where there is none left: the tree hangs on it.
    if (trace.spans.length < MAXIMUM_SPANS_PER_TRACE || isFirstRoot) trace.spans.push(span);
    else trace.dropped++;
    if (isFirstRoot) {
      this.#wait(traceId, trace);
    }
  }

  #wait(traceId: string, trace: UnprintedTrace): void {
    const print = (): void => {
      if (trace.waits++ < MAX_WAITS && isOpenTrace(traceId)) this.#wait(traceId, trace);
      else this.#print([traceId]);
    };
    trace.timer = setTimeout(() => guard('printing a trace', print), PRINT_DELAY_MS);
    (trace.timer as { unref?: () => void }).unref?.();
  }

  #print(traceIds: readonly string[]): void {
    for (const traceId of traceIds) {
      const trace = this.#held.get(traceId);
      if (trace === undefined) continue;
      this.#held.delete(traceId);
      clearTimeout(trace.timer);
      this.#printed.set(traceId, true);
      const stream = this.#options.stream ?? defaultStream();
      // One write per trace, so that no other output comes between its lines.
      writeTo(stream, `${this.#attributeText(traceId, trace, stream)}\n`);
    }
  }

  #attributeText(traceId: string, trace: UnprintedTrace, stream: TextStream): string {
    try {
      const isTerminal = stream.isTTY === true;
      const view = {
        columns: isTerminal ? stream.columns || USUAL_COLUMNS : undefined,
        color: this.#options.color ?? wantsColor(isTerminal, globalProcess()?.env ?? {}),
        attributes: this.#options.attributes ?? [],
      };
      const header = trace.continued ? `trace ${terminalSafe(traceId)}, continued\n` : '';
      const trees = buildTrees(trace.spans).map(
        (tree) => drawTree(tree, view) + (trace.continued ? '' : this.#belowTree(tree, view)),
      );
      const footer = trace.dropped > 0 ? `… and ${trace.dropped.toLocaleString('en-US')} more spans\n` : '';
      return header + trees.join('') + footer;
    } catch (error) {
      return `trace ${terminalSafe(traceId)}: its spans cannot be drawn (${terminalSafe(String(error), 200)})\n`;
    }
  }

  /** Not below what comes late: its totals would be those of a part. */
  #belowTree(tree: TraceTree, view: TreeViewOptions): string {
    const { summary = false, steps = false } = this.#options;
    if (!summary && !steps) return '';
    const whole = summarize(tree.traceId, [...rowsOf(tree)]);
    return (summary ? drawSummary(whole, view) : '') + (steps ? drawSteps(whole, view) : '');
  }
}

/** What is used of Node's `process`, which other runtimes have in part or not at all. */
interface GlobalProcess {
  readonly stderr?: TextStream;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

function globalProcess(): GlobalProcess | undefined {
  return (globalThis as { process?: GlobalProcess }).process;
}

function defaultStream(): TextStream {
  // biome-ignore lint/suspicious/noConsole: where there is no process, the console is the only place to write to.
  return globalProcess()?.stderr ?? { write: (text) => console.error(text.trimEnd()) };
}
