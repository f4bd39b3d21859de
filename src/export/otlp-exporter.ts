import type { ClientRequest } from 'node:http';
import { namedExporters } from '../config/environment.ts';
import type { Environment } from '../config/option-parsers.ts';
import {
  ENDPOINT_RULES,
  endpointVariable,
  malformationIn,
  parseAddress,
  tracesEndpoint,
  tracesProtocol,
  zipkinEndpoint,
} from '../config/otlp.ts';
import { noteTimeout, refusalOf, reportOnce, reportUnsent } from '../telemetry/program-end/unsent.ts';
import { HTTP_REQUESTS, listenToChannels } from '../util/diagnostics-channels.ts';
import { type ExportResult, failureReason, NO_ANSWER } from '../util/export-result.ts';
import { field } from '../util/payload.ts';
import { MAX_TIMEOUT_MS } from '../util/timers.ts';
import { VIEW_HEADER } from '../util/version.ts';
import type { Exporter } from './circuit-breaker-exporter.ts';
import { liveSpans } from './live-spans.ts';

type ExporterPackage = readonly [name: string, exported: string];

/** `sdk-node` depends on all of these packages. */
const OTLP_EXPORTERS: ReadonlyMap<string, ExporterPackage> = new Map([
  ['grpc', ['@opentelemetry/exporter-trace-otlp-grpc', 'OTLPTraceExporter']],
  ['http/json', ['@opentelemetry/exporter-trace-otlp-http', 'OTLPTraceExporter']],
  ['http/protobuf', ['@opentelemetry/exporter-trace-otlp-proto', 'OTLPTraceExporter']],
]);

const ZIPKIN: ExporterPackage = ['@opentelemetry/exporter-zipkin', 'ZipkinExporter'];

const BATCHING: readonly (readonly [option: string, variable: string])[] = [
  ['maxQueueSize', 'OTEL_BSP_MAX_QUEUE_SIZE'],
  ['scheduledDelayMillis', 'OTEL_BSP_SCHEDULE_DELAY'],
  ['exportTimeoutMillis', 'OTEL_BSP_EXPORT_TIMEOUT'],
  ['maxExportBatchSize', 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE'],
];

const TIMEOUT_VARIABLE = 'OTEL_EXPORTER_OTLP_TIMEOUT';
/** The timeout of an export if the user sets none. A program that is about to exit waits equally long. */
const EXPORT_TIMEOUT_MS = 2_000;

/** Whether the environment says how to export a signal, even if it says `none`. */
export function isExportConfigured(environment: Environment, signal: 'TRACES' | 'METRICS' | 'LOGS'): boolean {
  return [
    `OTEL_${signal}_EXPORTER`,
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`,
  ].some((variable) => (environment[variable]?.trim() ?? '') !== '');
}

/**
 * Span processors for the exporters that the environment names, like those that `NodeSDK` creates by itself.
 *
 * @param require resolves the dependencies of `sdk-node`
 * @param unnamed the exporters to use if the environment names none
 */
export function processorsFromEnvironment(
  environment: NodeJS.ProcessEnv,
  require: NodeJS.Require,
  unnamed?: readonly string[],
): unknown[] {
  return exportersFromEnvironment(environment, unnamed).flatMap((source) =>
    source === ZIPKIN ? zipkinProcessor(environment, require) : otlpProcessors(environment, require, source),
  );
}

/** Ignores unknown names, as `NodeSDK` does. */
export function exportersFromEnvironment(
  environment: Environment,
  unnamed: readonly string[] = isExportConfigured(environment, 'TRACES') ? ['otlp'] : [],
): ExporterPackage[] {
  const named = namedExporters(environment);
  const names = named.length === 0 ? unnamed : named;
  const exporters: ExporterPackage[] = [];
  const otlp = OTLP_EXPORTERS.get(tracesProtocol(environment));
  if (names.includes('otlp') && otlp !== undefined) exporters.push(otlp);
  if (names.includes('zipkin')) exporters.push(ZIPKIN);
  return exporters;
}

/** Creates the processor that exports and, for HTTP to this machine, one that shows spans in progress. */
function otlpProcessors(
  environment: NodeJS.ProcessEnv,
  require: NodeJS.Require,
  source: ExporterPackage,
): unknown[] {
  const protocol = tracesProtocol(environment);
  const made = withExportTimeout(environment, () => create(require, source));
  const endpoint = tracesEndpoint(environment, protocol);
  const exporter = new ReportingExporter(made, endpoint);
  const exporting = batchProcessor(environment, require, exporter);
  if (protocol === 'grpc') return [exporting];
  const malformation = malformationIn(environment);
  if (malformation !== undefined)
    reportOnce(
      `could not send traces (${malformation}). ${endpointVariable(environment)} must ${ENDPOINT_RULES[malformation]}.`,
    );
  const live = liveSpans(endpoint);
  return live === undefined ? [exporting] : [exporting, live];
}

function zipkinProcessor(environment: NodeJS.ProcessEnv, require: NodeJS.Require): unknown {
  const endpoint = zipkinEndpoint(environment);
  // The Zipkin exporter has no timeout. Without one, a server that never answers would keep the process alive forever.
  watchTimeouts([endpoint], EXPORT_TIMEOUT_MS);
  return batchProcessor(environment, require, new ReportingExporter(create(require, ZIPKIN), endpoint));
}

function create(require: NodeJS.Require, [name, exported]: ExporterPackage): Exporter {
  const Exporter = (require(name) as Record<string, new () => Exporter>)[exported];
  if (Exporter === undefined) throw new TypeError(`${name} exports no ${exported}`);
  return new Exporter();
}

function batchProcessor(environment: Environment, require: NodeJS.Require, exporter: Exporter): unknown {
  const options = Object.fromEntries(
    BATCHING.map(([option, variable]) => [
      option,
      Math.min(Number(environment[variable]), MAX_TIMEOUT_MS),
    ]).filter(
      // Only whole numbers above 0: with a batch size of half a span, the processor would export forever.
      ([, value]) => Number.isInteger(value) && Number(value) > 0,
    ),
  );
  type Processor = new (...parameters: unknown[]) => unknown;
  const load = (name: string) => (require(name) as { BatchSpanProcessor: Processor }).BatchSpanProcessor;
  // The processor of SDK 3.x takes one object; that of SDK 2.x takes the exporter and the options separately.
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

/** Exporters read their timeout from the environment. This sets ours there, unless the user has set one. */
export function withExportTimeout<Result>(environment: NodeJS.ProcessEnv, make: () => Result): Result {
  if ((environment[TIMEOUT_VARIABLE]?.trim() ?? '') !== '') return make();
  environment[TIMEOUT_VARIABLE] = String(EXPORT_TIMEOUT_MS);
  try {
    return make();
  } finally {
    delete environment[TIMEOUT_VARIABLE];
  }
}

/**
 * Notes when requests to these endpoints time out.
 *
 * @param timeoutMs the timeout of the requests, if their exporter sets none
 */
export function watchTimeouts(endpoints: readonly string[], timeoutMs?: number): void {
  const urls = endpoints.flatMap((endpoint) => parseAddress(endpoint) ?? []);
  listenToChannels([HTTP_REQUESTS], 'observing an export request', (message) => {
    const request = field(message, 'request') as ClientRequest;
    const { path, socket } = request;
    const host = String(request.getHeader('host'));
    const isExport = urls.some((url) => url.host === host && path === url.pathname + url.search);
    // Requests with this header send spans in progress to the command `view`. Nothing is lost if they time out.
    if (!isExport || request.getHeader(VIEW_HEADER) !== undefined) return;
    request.once('timeout', () => {
      noteTimeout(host);
      if (timeoutMs !== undefined) request.destroy(new Error(NO_ANSWER));
    });
    if (timeoutMs !== undefined) request.setTimeout(timeoutMs);
    // The timeout of a request begins when it is connected.
    if (socket?.connecting === true) socket.setTimeout(connectTimeout(process.env));
  });
}

/** How long an exporter may take to connect: two seconds, unless the user set a longer timeout. */
function connectTimeout(environment: NodeJS.ProcessEnv): number {
  const { OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: traces, [TIMEOUT_VARIABLE]: all } = environment;
  return Math.max(EXPORT_TIMEOUT_MS, Number(traces) || 0, Number(all) || 0);
}

/** Reports once, in one line, when spans cannot be sent. */
class ReportingExporter implements Exporter {
  readonly #exporter: Exporter;
  /** `endpointsOf` reads this field. Zipkin's exporter has it, too. */
  private readonly _urlStr: string;
  /** The exports without a report yet. `isSending` reads this field of OpenTelemetry's exporters, too. */
  private readonly _sendingPromises: Promise<void>[] = [];
  #report: Promise<void> | undefined;

  constructor(exporter: Exporter, endpoint: string) {
    this.#exporter = exporter;
    this._urlStr = endpoint;
  }

  export(spans: never, done: (result: ExportResult) => void): void {
    let finish: () => void = () => undefined;
    const sending = new Promise<void>((resolve) => {
      finish = resolve;
    });
    this.#exporter.export(spans, (result) => {
      if (result.code === 0) finish();
      else void this.#reportFailure(result.error).then(finish);
      done(result);
    });
    this._sendingPromises.push(sending);
    void sending.then(() => this._sendingPromises.splice(this._sendingPromises.indexOf(sending), 1));
  }

  /** Reports the first failed export. After retries, a refused connection often ends in a timeout error. */
  #reportFailure(error: unknown): Promise<void> {
    this.#report ??= refusalOf(this._urlStr).then((refusal) =>
      reportUnsent(this._urlStr, refusal ?? failureReason(error)),
    );
    return this.#report;
  }

  /** Waits for the failure reports, too, because the program may exit once this promise settles. */
  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
    await Promise.all(this._sendingPromises);
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}
