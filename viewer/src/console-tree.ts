import { evaluationSpan, type FinishedLogRecord, withEvaluations } from './evaluations.ts';
import { grouped } from './format-amounts.ts';
import { attributeText } from './messages.ts';
import { host } from './shared/host.ts';
import { ownFields } from './shared/own-fields.ts';
import { terminalSafe } from './shared/terminal-safe.ts';
import { type TextStream, writeTo } from './shared/text-stream.ts';
import { drawCalls, drawSummary } from './summary-view.ts';
import { forOldConsole, isOldConsole, wantsColor } from './terminal-text.ts';
import { summarize } from './trace-summary.ts';
import { buildTrees, type TraceTree } from './tree.ts';
import { drawTree, type TreeViewOptions } from './tree-view.ts';
import { TraceView } from './view-processor.ts';
import { type FinishedSpan, isLocalRoot, toViewedSpan, type ViewedSpan } from './viewed-span.ts';

/** Options of {@link ConsoleTreeExporter}. */
export interface ConsoleTreeExporterOptions {
  /** Where to write. Default: `process.stderr` at the time of writing, or the console in runtimes without it. */
  readonly stream?: TextStream | undefined;
  /** Whether to use color. Default: on a terminal, subject to `NO_COLOR`, `FORCE_COLOR` and `TERM=dumb`. */
  readonly color?: boolean | undefined;
  /** Further attributes to show, as `name=value`. */
  readonly attributes?: readonly string[] | undefined;
  /**
   * Whether to print a panel below each trace: id, prompt (if content was recorded), model, service, project,
   * environment, duration, tokens, audio tokens, cost, counts of runs, steps and calls, retries and status.
   * Default: false.
   */
  readonly summary?: boolean | undefined;
  /** Whether to print a numbered table of model and tool calls below each trace. Default: false. */
  readonly steps?: boolean | undefined;
}

interface UnprintedTrace {
  /** Read when the trace is drawn. Reading a resource while the SDK still detects it would log an error. */
  readonly spans: (() => ViewedSpan)[];
  dropped: number;
  /** Whether other spans of this trace were printed already. */
  readonly continued: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
  waits: number;
}

const MAX_UNPRINTED_TRACES = 1000;
const MAX_SPANS_PER_TRACE = 10_000;
/** The delay from the arrival of a trace's root to printing. Some spans end just after the root. */
const PRINT_DELAY_MS = 200;
/** How often the delay repeats while a trace is open. In five seconds, a run can be read from the API. */
const MAX_WAITS = 24;
const DEFAULT_COLUMNS = 80;
/** The width of lines that go into a file or a pipe. */
const FILE_COLUMNS = 200;

/**
 * Prints every trace as a tree, one line per span with its duration, ids, status, tokens, cost and errors. Implements
 * `SpanExporter` and `SpanProcessor` of SDK 2.x and 3.x.
 *
 * A trace is printed 200 ms after its root has arrived, or on `forceFlush`. A root is a span without a parent in this
 * process. While a conversation, run or tool call in the trace is open, printing waits up to five more seconds after the
 * last span. A trace whose root never arrives is printed on `shutdown`, at the exit of the process, or when more than
 * 1,000 traces wait. Spans that arrive after their trace was printed form a second tree below a line with the trace id.
 * At most 10,000 spans of a trace are kept; further ones are counted. The exporter neither throws nor keeps the process
 * alive.
 */
export class ConsoleTreeExporter extends TraceView {
  readonly #options: ConsoleTreeExporterOptions;
  /** The traces that are not printed yet, in the order in which their first spans arrived. */
  readonly #held = new Map<string, UnprintedTrace>();
  /** The traces that were printed last, at most {@link MAX_UNPRINTED_TRACES}. */
  readonly #printed = new Set<string>();
  readonly #printAll = (): void => this.#print([...this.#held.keys()]);
  #forget: (() => void) | undefined;
  #shutDown = false;

  constructor(options: ConsoleTreeExporterOptions = {}) {
    super();
    this.#options = ownFields(options);
  }

  protected show(spans: readonly FinishedSpan[]): void {
    // Only the panel needs the resource.
    const resource = this.#options.summary ? undefined : {};
    for (const span of spans) {
      const traceId = attributeText(span.spanContext().traceId);
      this.#hold(traceId, isLocalRoot(span), () => toViewedSpan(span, resource));
    }
    this.#printDue();
  }

  /** Shows an evaluation beside its span, or on its own if the span was printed already. */
  evaluated(record: FinishedLogRecord): void {
    const evaluation = evaluationSpan(record);
    if (evaluation === undefined) return;
    this.#hold(evaluation.traceId, false, () => evaluation);
    this.#printDue();
  }

  /** Prints the traces whose root has arrived. */
  forceFlush(): Promise<void> {
    this.#print([...this.#held].filter(([, trace]) => trace.timer !== undefined).map(([id]) => id));
    return Promise.resolve();
  }

  /** Prints all traces, complete or not. */
  shutdown(): Promise<void> {
    this.#shutDown = true;
    this.#forget?.();
    this.#forget = undefined;
    this.#printAll();
    return Promise.resolve();
  }

  #hold(traceId: string, isRoot: boolean, span: () => ViewedSpan): void {
    this.#forget ??= host().atExit(this.#printAll);
    const continued = this.#printed.has(traceId);
    const trace = this.#held.get(traceId) ?? { spans: [], dropped: 0, continued, timer: undefined, waits: 0 };
    this.#held.set(traceId, trace);
    // Late spans follow a root that was printed already, so there is no root to wait for.
    const isFirstRoot = trace.timer === undefined && (isRoot || trace.continued);
    // The first root is kept even beyond the limit, because the tree is drawn from it.
    if (trace.spans.length < MAX_SPANS_PER_TRACE || isFirstRoot) trace.spans.push(span);
    else trace.dropped++;
    // The agent's next step may take as long as the last one, so wait for the full time again.
    trace.waits = 0;
    if (isFirstRoot) this.#wait(traceId, trace);
  }

  #printDue(): void {
    const excess = this.#held.size - MAX_UNPRINTED_TRACES;
    if (excess > 0) this.#print([...this.#held.keys()].slice(0, excess));
    // Even after its shutdown, the SDK exports spans that it held back until their resource was known.
    if (this.#shutDown) void this.forceFlush();
  }

  #wait(traceId: string, trace: UnprintedTrace): void {
    const print = (): void => {
      if (trace.waits++ < MAX_WAITS && host().isOpen(traceId)) this.#wait(traceId, trace);
      else this.#print([traceId]);
    };
    trace.timer = setTimeout(() => host().guard('printing a trace', print), PRINT_DELAY_MS);
    (trace.timer as { unref?: () => void }).unref?.();
  }

  #print(traceIds: readonly string[]): void {
    for (const traceId of traceIds) {
      const trace = this.#held.get(traceId);
      if (trace === undefined) continue;
      this.#held.delete(traceId);
      clearTimeout(trace.timer);
      this.#notePrinted(traceId);
      const stream = this.#options.stream ?? defaultStream();
      // In one write, so that no other output appears between the lines of a trace.
      writeTo(stream, `${this.#draw(traceId, trace, stream)}\n`);
    }
  }

  #notePrinted(traceId: string): void {
    this.#printed.delete(traceId);
    this.#printed.add(traceId);
    const [oldest = ''] = this.#printed;
    if (this.#printed.size > MAX_UNPRINTED_TRACES) this.#printed.delete(oldest);
  }

  #draw(traceId: string, trace: UnprintedTrace, stream: TextStream): string {
    try {
      const environment = host().readEnvironment();
      const isTerminal = stream.isTTY === true;
      const isOld = isTerminal && isOldConsole(globalThis.process?.platform, environment);
      const columns = stream.columns || DEFAULT_COLUMNS;
      const view = {
        // Windows' old console starts a new line after the last column, so that column stays empty.
        columns: isTerminal ? columns - Number(isOld) : FILE_COLUMNS,
        color: this.#options.color ?? wantsColor(isTerminal, environment),
        attributes: this.#options.attributes ?? [],
      };
      const header = trace.continued ? `trace ${terminalSafe(traceId)}, continued\n` : '';
      const trees = buildTrees(withEvaluations(trace.spans.map((read) => read()))).map(
        (tree) => drawTree(tree, view) + (trace.continued ? '' : this.#belowTree(tree, view)),
      );
      const footer = trace.dropped > 0 ? `… and ${grouped(trace.dropped)} more spans\n` : '';
      const text = [header, ...trees, footer].join('');
      return isOld ? forOldConsole(text) : text;
    } catch (error) {
      return `trace ${terminalSafe(traceId)}: cannot draw its spans (${terminalSafe(String(error), 200)})\n`;
    }
  }

  /** Late spans get neither panel nor table, because the totals would cover only a part of the trace. */
  #belowTree(tree: TraceTree, view: TreeViewOptions): string {
    const { summary = false, steps = false } = this.#options;
    if (!summary && !steps) return '';
    const whole = summarize(tree);
    return (summary ? drawSummary(whole, view) : '') + (steps ? drawCalls(whole, view) : '');
  }
}

function defaultStream(): TextStream {
  // biome-ignore lint/suspicious/noConsole: without `process`, the console is the only place to write to.
  return globalThis.process?.stderr ?? { write: (text) => console.error(text.trimEnd()) };
}
