import { ConsoleTreeExporter } from '../export/console-tree.ts';
import { HtmlTraceExporter } from '../export/html-trace.ts';
import { ImmediateSpanProcessor } from './immediate-span-processor.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What `NodeSDK` is given; what is left out it takes from the environment. */
export interface SdkConfiguration {
  spanProcessors?: readonly unknown[];
  metricReaders?: readonly unknown[];
  logRecordProcessors?: readonly unknown[];
}

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

/** Names the file of a page of the traces. */
const PAGE_VARIABLE = 'OTEL_INSTRUMENTATION_OPENAI_PAGE';

/**
 * What `NodeSDK` is started with. With a tree or a page, the processors are ours to make; without them, they are its own.
 * Where somebody only looks at the terminal, nothing is sent to a collector that nobody named.
 *
 * @param terminal whether standard error is one
 * @param require resolves what `sdk-node` depends on
 */
export function sdkConfiguration(
  environment: Environment,
  terminal: boolean,
  require: NodeJS.Require,
): SdkConfiguration {
  const views = [
    ...(wantsTree(environment, terminal) ? [new ConsoleTreeExporter()] : []),
    ...pagesOf(environment[PAGE_VARIABLE]?.trim()),
  ];
  if (views.length === 0) return {};
  return {
    spanProcessors: [
      ...views.map((view) => new ImmediateSpanProcessor(view)),
      ...exportersBesideTree(environment).map((source) => createBatchProcessor(environment, require, source)),
    ],
    ...(isAsked(environment, 'METRICS') ? {} : { metricReaders: [] }),
    ...(isAsked(environment, 'LOGS') ? {} : { logRecordProcessors: [] }),
  };
}

function pagesOf(path: string | undefined): HtmlTraceExporter[] {
  return path === undefined || path === '' ? [] : [new HtmlTraceExporter({ path })];
}

/** Whether trees are printed: asked for by `OTEL_TRACES_EXPORTER=console`, or somebody looks and nothing was said. */
export function wantsTree(environment: Environment, terminal: boolean): boolean {
  const named = listOf(environment.OTEL_TRACES_EXPORTER);
  return !named.includes('none') && (terminal || named.includes('console'));
}

/** What the environment asks for beside the tree; as without it, names that nobody knows are passed over. */
export function exportersBesideTree(environment: Environment): ExporterPackage[] {
  const named = listOf(environment.OTEL_TRACES_EXPORTER);
  const asked = named.length === 0 && isAsked(environment, 'TRACES') ? ['otlp'] : named;
  const exporters: ExporterPackage[] = [];
  if (asked.includes('otlp')) exporters.push(otlpExporter(environment));
  if (asked.includes('zipkin')) exporters.push(ZIPKIN);
  return exporters;
}

function otlpExporter(environment: Environment): ExporterPackage {
  const protocol =
    environment.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL?.trim() ||
    environment.OTEL_EXPORTER_OTLP_PROTOCOL?.trim() ||
    DEFAULT_PROTOCOL;
  return OTLP_EXPORTERS.get(protocol) ?? (OTLP_EXPORTERS.get(DEFAULT_PROTOCOL) as ExporterPackage);
}

const TIMEOUT_VARIABLE = 'OTEL_EXPORTER_OTLP_TIMEOUT';
/** Milliseconds that a collector which nobody named, on this machine if anywhere, is given to answer. */
const UNNAMED_TIMEOUT = '1000';

/**
 * Where nobody named a collector, the SDK sends to its standard place on this machine. Usually there is none, and
 * the end of the program must not wait the usual ten seconds to find out.
 *
 * @param start makes the exporters, which read the environment then
 */
export function withUnnamedCollector<Result>(environment: NodeJS.ProcessEnv, start: () => Result): Result {
  const named = Object.keys(environment).some((name) =>
    /^OTEL_EXPORTER_OTLP_.*(ENDPOINT|TIMEOUT)$/.test(name),
  );
  if (named) return start();
  environment[TIMEOUT_VARIABLE] = UNNAMED_TIMEOUT;
  try {
    return start();
  } finally {
    delete environment[TIMEOUT_VARIABLE];
  }
}

/** Whether a signal is to be sent somewhere: its exporter is named, or the place is. */
function isAsked(environment: Environment, signal: 'TRACES' | 'METRICS' | 'LOGS'): boolean {
  return [
    `OTEL_${signal}_EXPORTER`,
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`,
  ].some((variable) => (environment[variable]?.trim() ?? '') !== '');
}

function createBatchProcessor(
  environment: Environment,
  require: NodeJS.Require,
  [name, exported]: ExporterPackage,
): unknown {
  const Exporter = (require(name) as Record<string, new () => unknown>)[exported];
  if (Exporter === undefined) throw new TypeError(`${name} exports no ${exported}`);
  const options = Object.fromEntries(
    BATCHING.map(([option, variable]) => [option, Number(environment[variable])] as const).filter(
      ([, value]) => value > 0,
    ),
  );
  return newBatchSpanProcessor(require, new Exporter(), options);
}

/** `sdk-trace` takes one object; where `sdk-node` has only `sdk-trace-base` yet, that takes two. */
function newBatchSpanProcessor(require: NodeJS.Require, exporter: unknown, options: object): unknown {
  type Processor = new (...parameters: unknown[]) => unknown;
  const load = (name: string) => (require(name) as { BatchSpanProcessor: Processor }).BatchSpanProcessor;
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

function listOf(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
