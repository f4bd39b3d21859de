import {
  type CollectorEnvironment,
  failureReason,
  lacksScheme,
  NO_SCHEME,
  refusalOf,
  sayUnsent,
  tracesEndpoint,
} from '../telemetry/collector.ts';

export type { CollectorEnvironment } from '../telemetry/collector.ts';

type ExporterPackage = readonly [name: string, exported: string];

/** OTLP's protocols, and the package whose exporter speaks each; all of them come with `sdk-node`. */
const OTLP_EXPORTERS: ReadonlyMap<string, ExporterPackage> = new Map([
  ['grpc', ['@opentelemetry/exporter-trace-otlp-grpc', 'OTLPTraceExporter']],
  ['http/json', ['@opentelemetry/exporter-trace-otlp-http', 'OTLPTraceExporter']],
  ['http/protobuf', ['@opentelemetry/exporter-trace-otlp-proto', 'OTLPTraceExporter']],
]);
const DEFAULT_PROTOCOL = 'http/protobuf';

const ZIPKIN: ExporterPackage = ['@opentelemetry/exporter-zipkin', 'ZipkinExporter'];

/** The options of a batching processor and the variables that set them. */
const BATCHING: readonly (readonly [option: string, variable: string])[] = [
  ['maxQueueSize', 'OTEL_BSP_MAX_QUEUE_SIZE'],
  ['scheduledDelayMillis', 'OTEL_BSP_SCHEDULE_DELAY'],
  ['exportTimeoutMillis', 'OTEL_BSP_EXPORT_TIMEOUT'],
  ['maxExportBatchSize', 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE'],
];

const TIMEOUT_VARIABLE = 'OTEL_EXPORTER_OTLP_TIMEOUT';
/** How long an export may take where the user does not say, in milliseconds: a program that ends waits as long. */
const EXPORT_TIMEOUT_MS = 2_000;

/** What the SDK's exporters have in common, in both lines. */
interface SpanExporter {
  export(spans: unknown, done: (result: OtlpExportResult) => void): void;
  shutdown(): Promise<void>;
  forceFlush?(): Promise<void>;
}
interface OtlpExportResult {
  readonly code: number;
  readonly error?: Error;
}

/** The names in `OTEL_TRACES_EXPORTER`. */
export function namedExporters(environment: CollectorEnvironment): string[] {
  return (environment.OTEL_TRACES_EXPORTER ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** Whether a signal is to be sent somewhere: its exporter is named, or the place is. */
export function isAsked(environment: CollectorEnvironment, signal: 'TRACES' | 'METRICS' | 'LOGS'): boolean {
  return [
    `OTEL_${signal}_EXPORTER`,
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`,
  ].some((variable) => (environment[variable]?.trim() ?? '') !== '');
}

/**
 * Processors for the exporters that the environment asks for, as `NodeSDK` makes them where it is given none.
 *
 * @param require resolves what `sdk-node` depends on
 * @param unnamed what is asked for where no exporter is named
 */
export function processorsFromEnvironment(
  environment: NodeJS.ProcessEnv,
  require: NodeJS.Require,
  unnamed?: readonly string[],
): unknown[] {
  return exportersFromEnvironment(environment, unnamed).map((source) =>
    source === ZIPKIN
      ? batchProcessor(environment, require, create(require, source))
      : otlpProcessor(environment, require, source),
  );
}

/** Names that nobody knows are passed over, as `NodeSDK` does. */
export function exportersFromEnvironment(
  environment: CollectorEnvironment,
  unnamed: readonly string[] = isAsked(environment, 'TRACES') ? ['otlp'] : [],
): ExporterPackage[] {
  const named = namedExporters(environment);
  const asked = named.length === 0 ? unnamed : named;
  const exporters: ExporterPackage[] = [];
  const otlp = OTLP_EXPORTERS.get(protocolOf(environment));
  if (asked.includes('otlp') && otlp !== undefined) exporters.push(otlp);
  if (asked.includes('zipkin')) exporters.push(ZIPKIN);
  return exporters;
}

function protocolOf(environment: CollectorEnvironment): string {
  const asked =
    environment.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL?.trim() ||
    environment.OTEL_EXPORTER_OTLP_PROTOCOL?.trim() ||
    '';
  return OTLP_EXPORTERS.has(asked) ? asked : DEFAULT_PROTOCOL;
}

function otlpProcessor(
  environment: NodeJS.ProcessEnv,
  require: NodeJS.Require,
  source: ExporterPackage,
): unknown {
  const protocol = protocolOf(environment);
  const made = withExportTimeout(environment, () => create(require, source));
  const exporter = new ReportingExporter(made, tracesEndpoint(environment, protocol), environment);
  if (protocol !== 'grpc') exporter.checkEndpoint();
  return batchProcessor(environment, require, exporter);
}

function create(require: NodeJS.Require, [name, exported]: ExporterPackage): SpanExporter {
  const Exporter = (require(name) as Record<string, new () => SpanExporter>)[exported];
  if (Exporter === undefined) throw new TypeError(`${name} exports no ${exported}`);
  return new Exporter();
}

function batchProcessor(
  environment: CollectorEnvironment,
  require: NodeJS.Require,
  exporter: SpanExporter,
): unknown {
  const options = Object.fromEntries(
    BATCHING.map(([option, variable]) => [option, Number(environment[variable])] as const).filter(
      ([, value]) => value > 0,
    ),
  );
  type Processor = new (...parameters: unknown[]) => unknown;
  const load = (name: string) => (require(name) as { BatchSpanProcessor: Processor }).BatchSpanProcessor;
  // `sdk-trace` takes one object; `sdk-trace-base`, which `sdk-node` had before, takes two.
  if (canResolve(require, '@opentelemetry/sdk-trace')) {
    return new (load('@opentelemetry/sdk-trace'))({ exporter, ...options });
  }
  return new (load('@opentelemetry/sdk-trace-base'))(exporter, options);
}

function canResolve(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Gives exporters a timeout of two seconds, unless the user set one: a program that ends waits for no more.
 *
 * @param make makes the exporters, which read the environment then
 */
export function withExportTimeout<Result>(environment: NodeJS.ProcessEnv, make: () => Result): Result {
  if ((environment[TIMEOUT_VARIABLE]?.trim() ?? '') !== '') return make();
  environment[TIMEOUT_VARIABLE] = String(EXPORT_TIMEOUT_MS);
  try {
    return make();
  } finally {
    delete environment[TIMEOUT_VARIABLE];
  }
}

/** Says once, in one line, when spans cannot be sent. */
class ReportingExporter implements SpanExporter {
  // A plain field: at the end of the program the endpoint is looked for in it.
  private readonly exporter: SpanExporter;
  readonly #endpoint: string;
  readonly #environment: CollectorEnvironment;

  constructor(exporter: SpanExporter, endpoint: string, environment: CollectorEnvironment) {
    this.exporter = exporter;
    this.#endpoint = endpoint;
    this.#environment = environment;
  }

  checkEndpoint(): void {
    if (lacksScheme(this.#endpoint)) sayUnsent(this.#endpoint, NO_SCHEME);
  }

  export(spans: unknown, done: (result: OtlpExportResult) => void): void {
    this.exporter.export(spans, (result) => {
      if (result.code !== 0) void this.#report(result.error);
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.exporter.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  /** Retries hide what the last attempt met: a look at the endpoint tells. */
  async #report(error: unknown): Promise<void> {
    const reason = failureReason(error);
    sayUnsent(this.#endpoint, (await refusalOf(this.#endpoint, this.#environment)) ?? reason);
  }
}
