export { CircuitBreakerExporter, type CircuitBreakerExporterOptions } from './export/circuit-breaker.ts';
export { ConsoleTreeExporter, type ConsoleTreeExporterOptions } from './export/console-tree.ts';
export { ContentStore, type ContentStoreOptions } from './export/content-store.ts';
export type { FinishedLogRecord, ShownEvaluation } from './export/evaluations.ts';
export { HtmlTraceExporter, type HtmlTraceExporterOptions } from './export/html-trace.ts';
export type { FinishedSpan } from './export/tree.ts';
export type { ViewProcessor } from './export/view-processor.ts';
export { consoleTree, htmlPage, viewing } from './export/viewing.ts';
export type { TextStream } from './util/text-stream.ts';
