import { ConsoleTreeExporter } from '../export/console-tree.ts';
import { HtmlTraceExporter } from '../export/html-trace.ts';
import {
  type CollectorEnvironment,
  isAsked,
  namedExporters,
  processorsFromEnvironment,
} from '../export/otlp-exporter.ts';
import { ImmediateSpanProcessor } from '../export/view-processor.ts';

/** What `NodeSDK` is given; what is left out it takes from the environment. */
export interface SdkConfiguration {
  spanProcessors?: readonly unknown[];
  metricReaders?: readonly unknown[];
  logRecordProcessors?: readonly unknown[];
}

/** Names the file of a page of the traces. */
const PAGE_VARIABLE = 'OTEL_INSTRUMENTATION_OPENAI_PAGE';

/**
 * What `NodeSDK` is started with. Where somebody only looks at the terminal, nothing is sent to a collector that nobody
 * named. What is not known here, such as a file of settings, is left to `NodeSDK`.
 *
 * @param terminal whether standard error is one
 * @param require resolves what `sdk-node` depends on
 */
export function sdkConfiguration(
  environment: NodeJS.ProcessEnv,
  terminal: boolean,
  require: NodeJS.Require,
): SdkConfiguration {
  const views = [
    ...(wantsTree(environment, terminal) ? [new ConsoleTreeExporter()] : []),
    ...pagesOf(environment[PAGE_VARIABLE]?.trim()),
  ];
  if (views.length === 0) {
    const known =
      !hasSettingsFile(environment) && namedExporters(environment).every((name) => name === 'otlp');
    return known ? { spanProcessors: processorsFromEnvironment(environment, require, ['otlp']) } : {};
  }
  return {
    spanProcessors: [
      ...views.map((view) => new ImmediateSpanProcessor(view)),
      ...processorsFromEnvironment(environment, require),
    ],
    ...(isAsked(environment, 'METRICS') ? {} : { metricReaders: [] }),
    ...(isAsked(environment, 'LOGS') ? {} : { logRecordProcessors: [] }),
  };
}

/** `NodeSDK` then takes everything from that file. */
function hasSettingsFile(environment: CollectorEnvironment): boolean {
  return ['OTEL_CONFIG_FILE', 'OTEL_EXPERIMENTAL_CONFIG_FILE'].some(
    (name) => (environment[name] ?? '') !== '',
  );
}

function pagesOf(path: string | undefined): HtmlTraceExporter[] {
  return path === undefined || path === '' ? [] : [new HtmlTraceExporter({ path })];
}

/** Whether trees are printed: asked for by `OTEL_TRACES_EXPORTER=console`, or somebody looks and nothing was said. */
export function wantsTree(environment: CollectorEnvironment, terminal: boolean): boolean {
  const named = namedExporters(environment);
  return !named.includes('none') && (terminal || named.includes('console'));
}
