export { ConsoleTreeExporter, type ConsoleTreeExporterOptions, type TextStream } from './console-tree.ts';
export type { FinishedSpan } from './tree.ts';
