import { ConsoleTreeExporter } from 'openai-traces-viewer/console-tree.ts';
import { HtmlTraceExporter } from 'openai-traces-viewer/html-trace.ts';
import { namedExporters } from '../config/environment.ts';
import { isExportConfigured, otlpProcessors, wantsOtlp } from '../export/otlp-exporter.ts';
import { connectViewer } from '../export/viewer-host.ts';
import type { Environment } from '../util/variables.ts';

/** The parts of `NodeSDK`'s configuration that we set. `NodeSDK` derives the others from the environment. */
export interface SdkConfiguration {
  spanProcessors?: readonly unknown[];
  metricReaders?: readonly unknown[];
  logRecordProcessors?: readonly unknown[];
}

export const PAGE_VARIABLE = 'OTEL_INSTRUMENTATION_OPENAI_PAGE';

/**
 * The configuration for `NodeSDK`, which itself sets up Zipkin and exporters that we do not know. If traces are shown
 * in the terminal or on a page, they are sent only to an endpoint that the environment names.
 *
 * @param require resolves the dependencies of `sdk-node`
 */
export function sdkConfiguration(
  environment: NodeJS.ProcessEnv,
  terminal: boolean,
  require: NodeJS.Require,
): SdkConfiguration {
  const named = namedExporters(environment);
  if (named.includes('zipkin')) return {};
  connectViewer();
  const path = environment[PAGE_VARIABLE]?.trim();
  const views = [
    ...(wantsTree(environment, terminal) ? [new ConsoleTreeExporter()] : []),
    ...(path ? [new HtmlTraceExporter({ path })] : []),
  ];
  if (views.length === 0) {
    const isKnown = named.every((name) => name === 'otlp');
    return isKnown ? { spanProcessors: otlpProcessors(environment, require) } : {};
  }
  return {
    spanProcessors: [...views, ...(wantsOtlp(environment) ? otlpProcessors(environment, require) : [])],
    ...(isExportConfigured(environment, 'METRICS') ? {} : { metricReaders: [] }),
    ...(isExportConfigured(environment, 'LOGS') ? {} : { logRecordProcessors: views }),
  };
}

export function wantsTree(environment: Environment, terminal: boolean): boolean {
  const named = namedExporters(environment);
  return !named.includes('none') && (terminal || named.includes('console'));
}
