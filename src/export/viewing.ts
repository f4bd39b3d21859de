import { trace } from '@opentelemetry/api';
import { unknownExporter } from '../config/exporter-variables.ts';
import { guard } from '../util/guard.ts';
import { findDependenciesOf, findPackage } from '../util/optional-packages.ts';
import { providerBehind } from '../util/otel-api.ts';
import { processorsOf } from '../util/otel-sdk.ts';
import { printToStderr } from '../util/text-stream.ts';
import { NAME } from '../util/version.ts';
import { ConsoleTreeExporter, type ConsoleTreeExporterOptions } from '../viewer/console-tree.ts';
import {
  type FinishedLogRecord,
  isEvaluation,
  type ShownEvaluation,
  toShownEvaluation,
} from '../viewer/evaluations.ts';
import { HtmlTraceExporter, type HtmlTraceExporterOptions } from '../viewer/html-trace.ts';
import type { FinishedSpan } from '../viewer/tree.ts';
import {
  type CollectorEnvironment,
  exportersFromEnvironment,
  isExportConfigured,
  processorsFromEnvironment,
} from './otlp-exporter.ts';

const SDK_PACKAGE = '@opentelemetry/sdk-node';

/** The span processors that were passed to {@link viewing}. */
const viewed = new WeakSet<object>();

/** Creates a span processor that prints every trace as a tree in the terminal, with a {@link ConsoleTreeExporter}. */
export function consoleTree(options?: ConsoleTreeExporterOptions): ViewProcessor {
  const processor: ViewProcessor = new ImmediateSpanProcessor(new ConsoleTreeExporter(options), () => {
    guard('finding unused endpoints', warnOfUnusedEndpoint, processor, 'consoleTree()');
  });
  return processor;
}

/**
 * Creates a span processor that writes traces to a page for the browser, with an {@link HtmlTraceExporter}.
 *
 * @param target the path of the page, or options
 */
export function htmlPage(target: string | HtmlTraceExporterOptions = {}): ViewProcessor {
  const options = typeof target === 'string' ? { path: target } : target;
  const processor: ViewProcessor = new ImmediateSpanProcessor(new HtmlTraceExporter(options), () => {
    guard('finding unused endpoints', warnOfUnusedEndpoint, processor, 'htmlPage()');
  });
  return processor;
}

/**
 * Returns the span processors for `NodeSDK`: the given views, and the exporters that the `OTEL_*` variables name.
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
  const given = views.filter((view) => typeof view === 'object' && view !== null);
  for (const view of given) viewed.add(view);
  return [...given, ...(guard('creating exporters', fromEnvironment) ?? [])];
}

function fromEnvironment(): ViewProcessor[] {
  const environment = globalThis.process?.env;
  if (environment === undefined) return [];
  const unknown = unknownExporter(environment);
  if (unknown !== undefined) printToStderr(unknown);
  const wanted = exportersFromEnvironment(environment);
  const [first] = wanted;
  if (first === undefined) return [];
  const require = findDependenciesOf(SDK_PACKAGE) ?? findPackage(first[0]);
  if (require === undefined) {
    printToStderr(`traces are not sent, because ${first[0]} is not installed: npm install ${first[0]}`);
    return [];
  }
  return processorsFromEnvironment(environment, require) as ViewProcessor[];
}

/** Warns if the environment names an endpoint but all span processors are views: nothing is sent to it. */
function warnOfUnusedEndpoint(processor: ViewProcessor, call: string): void {
  const environment: CollectorEnvironment = globalThis.process?.env ?? {};
  if (viewed.has(processor) || !isExportConfigured(environment, 'TRACES')) return;
  if (exportersFromEnvironment(environment).length === 0) return;
  const processors = processorsOf(providerBehind(trace.getTracerProvider()));
  const onlyViews = processors.every((each) => each instanceof ImmediateSpanProcessor);
  if (!onlyViews || warned) return;
  warned = true;
  printToStderr(
    `traces are not sent to the OTLP endpoint that the environment names, because spanProcessors has only ${call}. ` +
      `To do both: spanProcessors: viewing(${call}), with viewing from ${NAME}/export.`,
  );
}

let warned = false;

/** The exporters of this package. They never fail, and wait by themselves for the rest of a trace. */
export interface ViewExporter {
  export(spans: readonly FinishedSpan[], resultCallback: () => void): void;
  /** Shows the result of an evaluation. */
  evaluated(evaluation: ShownEvaluation): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * A span processor for SDK 2.x and 3.x: an entry of `spanProcessors`. It is also a log record processor, which shows
 * evaluations: an entry of `logRecordProcessors`.
 */
export interface ViewProcessor {
  onStart(span: unknown, context: unknown): void;
  onEnd(span: FinishedSpan): void;
  /** Shows evaluations, and ignores all other log records. */
  onEmit(record: FinishedLogRecord): void;
  /** Whether this processor shows the log record. Other log records need not be created for it. */
  enabled(options: { readonly eventName?: string | undefined }): boolean;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Passes every span to the exporter when it ends. */
export class ImmediateSpanProcessor implements ViewProcessor {
  readonly #exporter: ViewExporter;
  #beforeFirst: (() => void) | undefined;

  /** @param beforeFirst called before the first span is exported */
  constructor(exporter: ViewExporter, beforeFirst?: () => void) {
    this.#exporter = exporter;
    this.#beforeFirst = beforeFirst;
  }

  onStart(): void {}

  onEnd(span: FinishedSpan): void {
    const beforeFirst = this.#beforeFirst;
    this.#beforeFirst = undefined;
    beforeFirst?.();
    this.#exporter.export([span], () => undefined);
  }

  onEmit(record: FinishedLogRecord): void {
    if (isEvaluation(record.eventName)) this.#exporter.evaluated(toShownEvaluation(record));
  }

  enabled({ eventName }: { readonly eventName?: string | undefined }): boolean {
    return isEvaluation(eventName);
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}
