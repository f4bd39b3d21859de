export {
  CircuitBreakerExporter,
  type CircuitBreakerExporterOptions,
  type Exporter,
} from './export/circuit-breaker.ts';
export { ConsoleTreeExporter, type ConsoleTreeExporterOptions } from './export/console-tree.ts';
export { ContentStore, type ContentStoreLimits, type ContentStoreOptions } from './export/content-store.ts';
export type { FinishedLogRecord, ShownEvaluation } from './export/evaluations.ts';
export type { ExportResult } from './export/export-result.ts';
export { HtmlTraceExporter, type HtmlTraceExporterOptions } from './export/html-trace.ts';
export type { SpanEvent } from './export/page-span.ts';
export type { FinishedSpan, Time } from './export/tree.ts';
export type { ViewProcessor } from './export/view-processor.ts';
export { consoleTree, htmlPage, viewing } from './export/viewing.ts';
export type { TextStream } from './util/text-stream.ts';
