type Environment = Readonly<Record<string, string | undefined>>;

/** OTLP's protocols, and the package whose exporter speaks each; all of them come with `sdk-node`. */
const OTLP_PACKAGES: ReadonlyMap<string, string> = new Map([
  ['grpc', '@opentelemetry/exporter-trace-otlp-grpc'],
  ['http/json', '@opentelemetry/exporter-trace-otlp-http'],
  ['http/protobuf', '@opentelemetry/exporter-trace-otlp-proto'],
]);

/** Whether trees are printed: asked for by `OTEL_TRACES_EXPORTER=console`, or somebody looks and nothing was said. */
export function wantsTree(environment: Environment, terminal: boolean): boolean {
  const named = exporterNames(environment);
  return named.includes('console') || (terminal && !named.includes('none'));
}

/**
 * A batching processor with the OTLP exporter that the environment asks for, beside the tree; `undefined` where
 * it asks for none.
 *
 * @param require resolves what `sdk-node` depends on
 */
export function exporterFromEnvironment(environment: Environment, require: NodeJS.Require): unknown {
  if (!asksForOtlp(environment)) return undefined;
  const protocol =
    environment.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ??
    environment.OTEL_EXPORTER_OTLP_PROTOCOL ??
    'http/protobuf';
  const name = OTLP_PACKAGES.get(protocol.trim()) ?? '@opentelemetry/exporter-trace-otlp-proto';
  const { OTLPTraceExporter } = require(name) as { OTLPTraceExporter: new () => unknown };
  return createBatchProcessor(require, new OTLPTraceExporter());
}

function createBatchProcessor(require: NodeJS.Require, exporter: unknown): unknown {
  const { BatchSpanProcessor, major } = loadTraceSdk(require);
  return new BatchSpanProcessor(major >= 3 ? { exporter } : exporter);
}

/** The trace SDK is `sdk-trace` in the 3.x line and `sdk-trace-base` before; they build processors differently. */
function loadTraceSdk(require: NodeJS.Require): {
  BatchSpanProcessor: new (exporter: unknown) => unknown;
  major: number;
} {
  try {
    return { ...(require('@opentelemetry/sdk-trace') as ReturnType<typeof loadTraceSdk>), major: 3 };
  } catch {
    return { ...(require('@opentelemetry/sdk-trace-base') as ReturnType<typeof loadTraceSdk>), major: 2 };
  }
}

/** Whether spans are to be sent to a collector: it is named, or its protocol is. */
export function asksForOtlp(environment: Environment): boolean {
  const named = exporterNames(environment);
  if (named.length > 0) return named.includes('otlp');
  return (
    environment.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined ||
    environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT !== undefined
  );
}

function exporterNames(environment: Environment): string[] {
  const list = environment.OTEL_TRACES_EXPORTER ?? '';
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
