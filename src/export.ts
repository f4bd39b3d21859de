import { ConsoleTreeExporter, type ConsoleTreeExporterOptions } from 'openai-traces-viewer/console-tree.ts';
import { HtmlTraceExporter, type HtmlTraceExporterOptions } from 'openai-traces-viewer/html-trace.ts';
import { TraceView, type ViewProcessor } from 'openai-traces-viewer/view-processor.ts';
import { connectViewer } from './export/viewer-host.ts';
import { exportersBesideViews, warnOfUnusedEndpoint } from './export/viewing.ts';
import { guard } from './util/guard.ts';
import { exportersOf } from './util/otel-sdk.ts';

export { ConsoleTreeExporter, type ConsoleTreeExporterOptions } from 'openai-traces-viewer/console-tree.ts';
export type { FinishedLogRecord } from 'openai-traces-viewer/evaluations.ts';
export { HtmlTraceExporter, type HtmlTraceExporterOptions } from 'openai-traces-viewer/html-trace.ts';
export type { ExportResult } from 'openai-traces-viewer/shared/export-result.ts';
export type { TextStream } from 'openai-traces-viewer/shared/text-stream.ts';
export type { ViewProcessor } from 'openai-traces-viewer/view-processor.ts';
export type { FinishedSpan, SpanEvent, Time } from 'openai-traces-viewer/viewed-span.ts';
export {
  CircuitBreakerExporter,
  type CircuitBreakerExporterOptions,
  type Exporter,
} from './export/circuit-breaker-exporter.ts';
export {
  ContentStore,
  type ContentStoreLimits,
  type ContentStoreOptions,
} from './telemetry/content/content-store.ts';

connectViewer();

/** Creates a span processor that prints every trace as a tree in the terminal, with a {@link ConsoleTreeExporter}. */
export function consoleTree(options?: ConsoleTreeExporterOptions): ViewProcessor {
  return checkedView(new ConsoleTreeExporter(options), 'consoleTree()');
}

/**
 * Creates a span processor that writes traces to a page for the browser, with an {@link HtmlTraceExporter}.
 *
 * @param target the path of the page, or options
 */
export function htmlPage(target: string | HtmlTraceExporterOptions = {}): ViewProcessor {
  const options = typeof target === 'string' ? { path: target } : target;
  return checkedView(new HtmlTraceExporter(options), 'htmlPage()');
}

/** The span processors that were passed to {@link viewing}. */
const viewed = new WeakSet<object>();

/**
 * Returns the span processors for `NodeSDK`: the given views, and the OTLP exporter if the `OTEL_*` variables name one.
 * `NodeSDK` itself reads these variables only if it gets no processors. If the package of an exporter is not installed,
 * a line on standard error says how to install it.
 *
 * ```ts
 * new NodeSDK({ spanProcessors: viewing(consoleTree(), htmlPage('trace.html')) }).start();
 * ```
 *
 * @param views the views; values that are not views are skipped, so a view can be conditional: `isLocal && consoleTree()`
 */
export function viewing(...views: (ViewProcessor | false | null | undefined)[]): ViewProcessor[] {
  // `spanProcessors` is a list, so programs in JavaScript pass one here, too. With anything but a processor in it, the
  // program's own spans could not start.
  const given = views
    .flat()
    .filter((view): view is ViewProcessor => typeof Object(view).onStart === 'function');
  for (const view of given) viewed.add(view);
  return [...given, ...((guard('creating exporters', exportersBesideViews) ?? []) as ViewProcessor[])];
}

function checkedView(view: TraceView, call: string): ViewProcessor {
  TraceView.beforeFirst(view, () => {
    if (!viewed.has(view)) guard('finding unused endpoints', warnOfUnusedEndpoint, isOnlyView, call);
  });
  return view;
}

/** Whether a span processor shows spans and sends none. A view may be its exporter. */
function isOnlyView(processor: object): boolean {
  return [processor, ...exportersOf(processor)].some((each) => each instanceof TraceView);
}
