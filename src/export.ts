export {
  CircuitBreakerExporter,
  type CircuitBreakerExporterOptions,
  type Exporter,
} from './export/circuit-breaker.ts';
export { ConsoleTreeExporter, type ConsoleTreeExporterOptions } from './export/console-tree.ts';
export { ContentStore, type ContentStoreLimits, type ContentStoreOptions } from './export/content-store.ts';
export type { FinishedLogRecord, ShownEvaluation } from './export/evaluations.ts';
export { HtmlTraceExporter, type HtmlTraceExporterOptions } from './export/html-trace.ts';
export type { SpanEvent } from './export/page-span.ts';
export type { ExportResult, FinishedSpan, Time } from './export/tree.ts';
export { consoleTree, htmlPage, type ViewProcessor, viewing } from './export/viewing.ts';
export type { TextStream } from './util/text-stream.ts';
