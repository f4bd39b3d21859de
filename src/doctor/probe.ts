import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { namedExporters } from '../config/exporter-variables.ts';
import {
  addressWithoutSecrets,
  type CollectorEnvironment,
  endpointVariable,
  lacksScheme,
  malformationIn,
  parseAddress,
  socketAddress,
  tracesEndpoint,
  tracesProtocol,
  usesProxy,
} from '../config/otlp.ts';
import { failureReason } from '../telemetry/program-end/unsent.ts';
import { type Check, checked, skippedCheck } from './check.ts';
import { adviceFor } from './export-advice.ts';
import { describeProjectFinding } from './project-findings.ts';

export const COLLECTOR_CHECK = 'collector';
const PROBE_TIMEOUT_MS = 2_000;

/**
 * Who answers these to an export of nothing does not accept traces: it does not know the address or the sender, sends
 * exporters elsewhere, which they do not follow, or is overloaded. Collectors may answer others, such as 400.
 */
function isRefusal(status: number): boolean {
  return (status >= 300 && status < 400) || [401, 403, 404, 405, 429, 502, 503, 504].includes(status);
}

/** What came back: a status of HTTP, or the reason why nothing did. */
type Answer = { readonly status: number } | { readonly reason: string } | 'connected';

/**
 * Asks the default endpoint, for programs whose code may name another one: that nothing answers is a problem only if the
 * environment asks for the exporter.
 */
export async function probeDefault(environment: CollectorEnvironment): Promise<Check> {
  const exporters = namedExporters(environment);
  if (exporters.length > 0 && !exporters.includes('otlp'))
    return skippedCheck(COLLECTOR_CHECK, `OTEL_TRACES_EXPORTER is ${exporters.join(',')}`);
  const check = await probeCollector(environment);
  const detail = `the default ${check.detail}`;
  return check.result === 'ok' || exporters.length > 0
    ? { ...check, detail }
    : skippedCheck(COLLECTOR_CHECK, `${detail}; your code may name another endpoint`);
}

/**
 * Asks the endpoint of the environment whether it takes traces, by an export without spans: over HTTP the request of an
 * exporter, with its headers; over gRPC a connection.
 */
export async function probeCollector(environment: CollectorEnvironment): Promise<Check> {
  const variable = endpointVariable(environment) ?? 'the endpoint';
  const url = parseAddress(tracesEndpoint(environment, tracesProtocol(environment)));
  if (url === undefined || lacksScheme(url.href) || malformationIn(environment) !== undefined)
    return skippedCheck(COLLECTOR_CHECK, `${variable} is malformed`);
  if (usesProxy(environment)) return skippedCheck(COLLECTOR_CHECK, 'a proxy is set in the environment');
  const protocol = tracesProtocol(environment);
  const isConnectionOnly = protocol === 'grpc' || hasOwnCertificate(environment);
  const asking = isConnectionOnly ? connectTo(url) : exportNothing(url, protocol, environment);
  const answer = await asking.catch((error: Error): Answer => ({ reason: probeFailure(error) }));
  const shown = addressWithoutSecrets(tracesEndpoint(environment, protocol));
  if (answer === 'connected') return checked(COLLECTOR_CHECK, `${shown} accepts connections`);
  if ('status' in answer && !isRefusal(answer.status))
    return checked(COLLECTOR_CHECK, `${shown} answers (HTTP ${answer.status})`);
  const reason = 'status' in answer ? `HTTP ${answer.status}` : answer.reason;
  return checked(COLLECTOR_CHECK, `${shown}: ${reason}`, [
    describeProjectFinding('endpoint_unreachable', shown, reason, adviceFor(reason, environment)),
  ]);
}

/** Certificates of the exporter's own are not read here. */
function hasOwnCertificate(environment: CollectorEnvironment): boolean {
  return Object.keys(environment).some((name) =>
    /^OTEL_EXPORTER_OTLP_(?:TRACES_)?(?:CLIENT_)?CERTIFICATE$/.test(name),
  );
}

function exportNothing(url: URL, protocol: string, environment: CollectorEnvironment): Promise<Answer> {
  const isJson = protocol === 'http/json';
  const body = isJson ? '{"resourceSpans":[]}' : '';
  const headers = {
    ...exporterHeaders(environment),
    'content-type': isJson ? 'application/json' : 'application/x-protobuf',
    'content-length': body.length,
  };
  return new Promise((resolve) => {
    const { request } = url.protocol === 'https:' ? https : http;
    const sent = request(url, { method: 'POST', headers, signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    sent.once('response', (response) => {
      resolve({ status: response.statusCode ?? 0 });
      response.destroy();
    });
    sent.on('error', (error) => resolve({ reason: probeFailure(error) }));
    sent.end(body);
  });
}

function connectTo(url: URL): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = net.connect(socketAddress(url));
    const end = (answer: Answer): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end({ reason: 'timeout' }), PROBE_TIMEOUT_MS);
    socket.once('connect', () => end('connected'));
    socket.on('error', (error) => end({ reason: probeFailure(error) }));
  });
}

function probeFailure(error: Error): string {
  return /^(?:Timeout|Abort)Error$/.test(error.name) ? 'timeout' : failureReason(error);
}

/** As the SDK reads them: `name=value` pairs, encoded as in a URL. */
function exporterHeaders(environment: CollectorEnvironment): Record<string, string> {
  const { OTEL_EXPORTER_OTLP_HEADERS: all = '', OTEL_EXPORTER_OTLP_TRACES_HEADERS: traces = '' } =
    environment;
  const headers: Record<string, string> = {};
  for (const pair of `${all},${traces}`.split(',')) {
    const [, name, value] = /^\s*([\w-]+)\s*=(.*)$/.exec(pair) ?? [];
    if (name !== undefined && value !== undefined) headers[name.toLowerCase()] = decodeHeader(value.trim());
  }
  return headers;
}

function decodeHeader(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
