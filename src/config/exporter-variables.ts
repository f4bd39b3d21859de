import { terminalSafe } from '../util/terminal-safe.ts';

type ExporterVariables = Readonly<Record<string, string | undefined>>;

/** What `OTEL_TRACES_EXPORTER` may name. `NodeSDK` ignores everything else, and reports it through `diag` only. */
const EXPORTER_NAMES: readonly string[] = ['otlp', 'console', 'zipkin', 'none'];

/** The names in `OTEL_TRACES_EXPORTER`. */
export function namedExporters(environment: ExporterVariables): string[] {
  return (environment.OTEL_TRACES_EXPORTER ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** The problem with a name that is no exporter. */
export function unknownExporter(environment: ExporterVariables): string | undefined {
  const unknown = namedExporters(environment).find((name) => !EXPORTER_NAMES.includes(name));
  if (unknown === undefined) return undefined;
  const shown = JSON.stringify(terminalSafe(unknown, 40));
  return `OTEL_TRACES_EXPORTER names ${shown}, which is ignored; accepted: ${EXPORTER_NAMES.join(', ')}.`;
}

/** Names a file that replaces all other variables. Only `…/register` and `startNodeSdk` read it. */
export const CONFIG_FILE_VARIABLE = 'OTEL_CONFIG_FILE';

/** Whether the variables of exporters have no effect, as a file replaces them. */
export function hasConfigurationFile(environment: ExporterVariables): boolean {
  return Boolean(environment[CONFIG_FILE_VARIABLE]?.trim());
}
