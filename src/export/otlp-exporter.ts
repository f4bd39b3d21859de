import type { ClientRequest } from 'node:http';
import { SUCCESS } from 'openai-traces-viewer/shared/export-result.ts';
import { VIEW_HEADER } from 'openai-traces-viewer/shared/names.ts';
import { namedExporters } from '../config/environment.ts';
import {
  endpointVariable,
  OTLP_ENDPOINT_VARIABLE,
  parseAddress,
  ruleBroken,
  tracesEndpoint,
  tracesProtocol,
} from '../config/otlp.ts';
import {
  noteRequest,
  noteTimeout,
  refusalOf,
  reportOnce,
  reportUnsent,
} from '../telemetry/program-end/unsent.ts';
import { HTTP_REQUESTS, listenToChannels } from '../util/diagnostics-channels.ts';
import { failureReason } from '../util/failure-reason.ts';
import { serializerOf } from '../util/otel-sdk.ts';
import { field } from '../util/payload.ts';
import { MAX_TIMEOUT_MS } from '../util/timers.ts';
import { type Environment, readEnvironment } from '../util/variables.ts';
import type { Exporter } from './circuit-breaker-exporter.ts';
import { liveSpans } from './live-spans.ts';

/** The package of the exporter for each protocol. `sdk-node` depends on all of them. */
const OTLP_EXPORTERS: ReadonlyMap<string, string> = new Map([
  ['grpc', '@opentelemetry/exporter-trace-otlp-grpc'],
  ['http/json', '@opentelemetry/exporter-trace-otlp-http'],
  ['http/protobuf', '@opentelemetry/exporter-trace-otlp-proto'],
]);

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
  const names = [`OTEL_${signal}_EXPORTER`, OTLP_ENDPOINT_VARIABLE, `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`];
  return names.some((name) => environment[name]?.trim());
}

/** Whether the environment wants spans to be sent over OTLP. `NodeSDK` itself sets up other exporters. */
export function wantsOtlp(environment: Environment): boolean {
  const named = namedExporters(environment);
  return named.length === 0 ? isExportConfigured(environment, 'TRACES') : named.includes('otlp');
}

export function otlpPackage(environment: Environment): string {
  return OTLP_EXPORTERS.get(tracesProtocol(environment)) ?? '';
}

/**
 * The processor that exports as the environment says and, for HTTP to this machine, one that shows spans in progress.
 *
 * @param require resolves the dependencies of `sdk-node`
 */
export function otlpProcessors(environment: NodeJS.ProcessEnv, require: NodeJS.Require): unknown[] {
  const protocol = tracesProtocol(environment);
  const { OTLPTraceExporter } = require(otlpPackage(environment)) as {
    OTLPTraceExporter: new () => Exporter;
  };
  const exporter = withExportTimeout(environment, () => new OTLPTraceExporter());
  const endpoint = tracesEndpoint(environment, protocol);
  reportFailure(exporter, endpoint);
  const exporting = batchProcessor(environment, require, exporter);
  if (protocol === 'grpc') return [exporting];
  const rule = ruleBroken(environment);
  if (rule !== undefined) reportOnce(`could not send traces. ${endpointVariable(environment)} must ${rule}.`);
  const contentType = protocol === 'http/json' ? 'application/json' : 'application/x-protobuf';
  const serialize = serializerOf(exporter);
  const live = serialize && liveSpans(endpoint, { contentType, serialize });
  return live === undefined ? [exporting] : [exporting, live];
}

function batchProcessor(environment: Environment, require: NodeJS.Require, exporter: Exporter): unknown {
  const options: Record<string, number> = {};
  for (const [option, variable] of BATCHING) {
    const value = Math.min(Number(environment[variable]), MAX_TIMEOUT_MS);
    // Only whole numbers above 0: with a batch size of half a span, the processor would export forever.
    if (Number.isInteger(value) && value > 0) options[option] = value;
  }
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
  if (environment[TIMEOUT_VARIABLE]?.trim()) return make();
  environment[TIMEOUT_VARIABLE] = String(EXPORT_TIMEOUT_MS);
  try {
    return make();
  } finally {
    delete environment[TIMEOUT_VARIABLE];
  }
}

/** Notes the requests to these endpoints, and how each ends. */
export function watchTimeouts(endpoints: readonly string[]): void {
  const urls = endpoints.flatMap((endpoint) => parseAddress(endpoint) ?? []);
  listenToChannels([HTTP_REQUESTS], 'observing an export request', (message) => {
    const request = field(message, 'request') as ClientRequest;
    const { path, socket } = request;
    const host = String(request.getHeader('host'));
    const endpoint = urls.find((url) => url.host === host && path === url.pathname + url.search);
    // Requests with this header send spans in progress to the command `view`. Nothing is lost if they time out.
    if (endpoint === undefined || request.getHeader(VIEW_HEADER) !== undefined) return;
    noteRequest(endpoint, request);
    request.once('timeout', () => noteTimeout(host));
    // The timeout of a request begins when it is connected.
    if (socket?.connecting === true) socket.setTimeout(connectTimeout(readEnvironment()));
  });
}

/** How long an exporter may take to connect: two seconds, unless the user set a longer timeout. */
function connectTimeout(environment: NodeJS.ProcessEnv): number {
  const { OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: traces, [TIMEOUT_VARIABLE]: all } = environment;
  return Math.max(EXPORT_TIMEOUT_MS, Number(traces) || 0, Number(all) || 0);
}

/** Reports the first failed export in one line. After retries, a refused connection often ends in a timeout error. */
function reportFailure(exporter: Exporter, endpoint: string): void {
  // `endpointsOf` reads this field of Zipkin's exporter, too. The exporter for gRPC keeps its address without a scheme.
  Object.assign(exporter, { _urlStr: endpoint });
  const send = exporter.export.bind(exporter);
  const flush = exporter.forceFlush?.bind(exporter);
  let report: Promise<void> | undefined;
  exporter.export = (spans, done) =>
    send(spans, (result) => {
      if (result.code !== SUCCESS.code)
        report ??= refusalOf(endpoint).then((refusal) =>
          reportUnsent(endpoint, refusal ?? failureReason(result.error)),
        );
      done(result);
    });
  // The program may exit once this promise settles.
  exporter.forceFlush = async () => {
    await flush?.();
    await report;
  };
}
