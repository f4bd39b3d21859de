export {
  CircuitBreakerExporter,
  type CircuitBreakerExporterOptions,
  type Exporter,
} from './export/circuit-breaker.ts';
export { ContentStore, type ContentStoreLimits, type ContentStoreOptions } from './export/content-store.ts';
export { consoleTree, htmlPage, type ViewProcessor, viewing } from './export/viewing.ts';
export type { TextStream } from './util/text-stream.ts';
export { ConsoleTreeExporter, type ConsoleTreeExporterOptions } from './viewer/console-tree.ts';
export type { FinishedLogRecord, ShownEvaluation } from './viewer/evaluations.ts';
export { HtmlTraceExporter, type HtmlTraceExporterOptions } from './viewer/html-trace.ts';
export type { SpanEvent } from './viewer/page-span.ts';
export type { ExportResult, FinishedSpan, Time } from './viewer/tree.ts';
