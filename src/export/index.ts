export { CircuitBreakerExporter, type CircuitBreakerExporterOptions } from './circuit-breaker.ts';
export { ConsoleTreeExporter, type ConsoleTreeExporterOptions } from './console-tree.ts';
export { ContentStore, type ContentStoreOptions } from './content-store.ts';
export { HtmlTraceExporter, type HtmlTraceExporterOptions } from './html-trace.ts';
export type { TextStream } from './text-stream.ts';
export type { FinishedSpan } from './tree.ts';
export type { ViewProcessor } from './view-processor.ts';
export { consoleTree, htmlPage, viewing } from './viewing.ts';
