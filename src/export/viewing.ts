import { trace } from '@opentelemetry/api';
import { guard } from '../util/guard.ts';
import { findDependenciesOf, findPackage } from '../util/optional-packages.ts';
import { providerBehind } from '../util/otel-api.ts';
import { arrayField, field } from '../util/payload.ts';
import { writeTo } from '../util/text-stream.ts';
import { NAME } from '../util/version.ts';
import { ConsoleTreeExporter, type ConsoleTreeExporterOptions } from './console-tree.ts';
import { HtmlTraceExporter, type HtmlTraceExporterOptions } from './html-trace.ts';
import {
  type CollectorEnvironment,
  exportersFromEnvironment,
  isAsked,
  processorsFromEnvironment,
} from './otlp-exporter.ts';
import { ImmediateSpanProcessor, type ViewProcessor } from './view-processor.ts';

const SDK_PACKAGE = '@opentelemetry/sdk-node';

/** Span processors that {@link viewing} put exporters beside. */
const viewed = new WeakSet<object>();

/** Prints every trace as a tree in the terminal: a span processor with a `ConsoleTreeExporter`. */
export function consoleTree(options?: ConsoleTreeExporterOptions): ViewProcessor {
  const processor: ViewProcessor = new ImmediateSpanProcessor(new ConsoleTreeExporter(options), () => {
    guard('looking for unused endpoints', warnOfUnusedEndpoint, processor, 'consoleTree()');
  });
  return processor;
}

/**
 * Writes traces as a page to open in a browser: a span processor with an `HtmlTraceExporter`.
 *
 * @param target the path of the page, or options
 */
export function htmlPage(target: string | HtmlTraceExporterOptions = {}): ViewProcessor {
  const options = typeof target === 'string' ? { path: target } : target;
  const processor: ViewProcessor = new ImmediateSpanProcessor(new HtmlTraceExporter(options), () => {
    guard('looking for unused endpoints', warnOfUnusedEndpoint, processor, 'htmlPage()');
  });
  return processor;
}

/**
 * Span processors for `NodeSDK`: views, and the OTLP exporter that the `OTEL_*` variables ask for. `NodeSDK` itself reads
 * these variables only if it is given no processors.
 *
 * ```ts
 * new NodeSDK({ spanProcessors: viewing(consoleTree(), htmlPage('trace.html')) }).start();
 * ```
 */
export function viewing(...views: ViewProcessor[]): ViewProcessor[] {
  for (const view of views) viewed.add(view);
  return [...views, ...(guard('making exporters', fromEnvironment) ?? [])];
}

function fromEnvironment(): ViewProcessor[] {
  const environment = globalThis.process?.env;
  if (environment === undefined) return [];
  const wanted = exportersFromEnvironment(environment);
  const [first] = wanted;
  if (first === undefined) return [];
  const require = findDependenciesOf(SDK_PACKAGE) ?? findPackage(first[0]);
  if (require === undefined) {
    say(`traces are not sent, because ${first[0]} is not installed: npm install ${first[0]}`);
    return [];
  }
  return processorsFromEnvironment(environment, require) as ViewProcessor[];
}

/** Only views are there, and an endpoint is named: the exporter is missing that `NodeSDK` would have made. */
function warnOfUnusedEndpoint(processor: ViewProcessor, call: string): void {
  const environment: CollectorEnvironment = globalThis.process?.env ?? {};
  if (viewed.has(processor) || !isAsked(environment, 'TRACES')) return;
  if (exportersFromEnvironment(environment).length === 0) return;
  const processors = arrayField(
    field(providerBehind(trace.getTracerProvider()), '_activeSpanProcessor'),
    '_spanProcessors',
  );
  const onlyViews = processors.every((each) => each instanceof ImmediateSpanProcessor);
  if (processors.length === 0 || !onlyViews || warned) return;
  warned = true;
  say(
    `traces are not sent to the OTLP endpoint that the environment names, because spanProcessors has only ${call}. ` +
      `To do both: spanProcessors: viewing(${call}), with viewing from ${NAME}/export.`,
  );
}

let warned = false;

function say(message: string): void {
  const stream = globalThis.process?.stderr;
  if (stream !== undefined) writeTo(stream, `${NAME}: ${message}\n`);
}
