import { makeSuppressed } from '../sdk/suppression.ts';
import { builtIn } from '../util/built-in.ts';
import { field } from '../util/payload.ts';
import { printToStderr } from '../util/text-stream.ts';

export type CollectorEnvironment = Readonly<Record<string, string | undefined>>;

/** The default endpoints of the OTLP specification. */
const DEFAULT_HTTP_ENDPOINT = 'http://localhost:4318';
const DEFAULT_GRPC_ENDPOINT = 'http://localhost:4317';
const TRACES_PATH = 'v1/traces';

/** A refused connection fails at once. An endpoint that takes longer may be reachable. */
const CONNECT_TIMEOUT_MS = 300;

/** Whether the variables of exporters have no effect, as a file replaces them. */
export function hasConfigurationFile(environment: CollectorEnvironment): boolean {
  return (environment.OTEL_CONFIG_FILE?.trim() ?? '') !== '';
}

/** The protocols of OTLP. */
const PROTOCOLS: ReadonlySet<string> = new Set(['grpc', 'http/json', 'http/protobuf']);
const DEFAULT_PROTOCOL = 'http/protobuf';

/** The protocol that the `OTEL_*` variables name for a signal, known or not. */
export function namedProtocol(
  environment: CollectorEnvironment,
  signal: 'TRACES' | 'LOGS' = 'TRACES',
): string | undefined {
  const { [`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`]: own, OTEL_EXPORTER_OTLP_PROTOCOL: all } = environment;
  return own?.trim() || all?.trim() || undefined;
}

/** The protocol for traces. An unknown one is replaced by the default, as `NodeSDK` does. */
export function tracesProtocol(environment: CollectorEnvironment): string {
  const named = namedProtocol(environment) ?? DEFAULT_PROTOCOL;
  return PROTOCOLS.has(named) ? named : DEFAULT_PROTOCOL;
}

const ZIPKIN_VARIABLE = 'OTEL_EXPORTER_ZIPKIN_ENDPOINT';

/** The endpoint of Zipkin's exporter, with its default. */
export function zipkinEndpoint(environment: CollectorEnvironment): string {
  return environment[ZIPKIN_VARIABLE]?.trim() || 'http://localhost:9411/api/v2/spans';
}

/** The variables that set the endpoint for traces. The first one that is set applies. */
const ENDPOINT_VARIABLES = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const;

/** The variable that sets the endpoint for traces. */
export function endpointVariable(environment: CollectorEnvironment): string | undefined {
  return ENDPOINT_VARIABLES.find((name) => (environment[name]?.trim() ?? '') !== '');
}

/** The endpoint for traces that the `OTEL_*` variables set. */
export function tracesEndpoint(environment: CollectorEnvironment, protocol: string): string {
  const [traces, base] = ENDPOINT_VARIABLES.map((name) => environment[name]?.trim());
  if (traces) return traces;
  if (protocol === 'grpc') return base || DEFAULT_GRPC_ENDPOINT;
  return `${(base || DEFAULT_HTTP_ENDPOINT).replace(/\/$/, '')}/${TRACES_PATH}`;
}

/**
 * Checks whether an endpoint refuses connections. Any other failure may be temporary.
 *
 * @returns `ECONNREFUSED`, or `undefined` if the connection was not refused
 */
function refusalOf(endpoint: string, environment: CollectorEnvironment): Promise<string | undefined> {
  const net = builtIn('node:net');
  const url = parseAddress(endpoint);
  if (net === undefined || usesProxy(environment)) return Promise.resolve(undefined);
  if (url === undefined || lacksScheme(url.href)) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    // Without a span, even if the program instruments `node:net`.
    const socket = makeSuppressed(() => net.connect({ ...socketAddress(url), timeout: CONNECT_TIMEOUT_MS }));
    const end = (code?: string): void => {
      socket.destroy();
      resolve(code);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end());
    socket.on('error', () => undefined);
    socket.once('error', (error) =>
      end(failureReason(error) === 'ECONNREFUSED' ? 'ECONNREFUSED' : undefined),
    );
  });
}

/** Why nothing can be sent to an endpoint, which is the one that the user wrote. */
export interface SendFailure {
  readonly endpoint: string;
  readonly reason: string;
}

/**
 * Checks whether nothing can be sent to an endpoint: it refuses connections, or the variable that set it is malformed.
 * Exporters over HTTP throw at each export to `localhost:4318`, and replace `127.0.0.1:4318`, which is no URL, by the default.
 */
export async function sendFailureOf(
  endpoint: string,
  environment: CollectorEnvironment,
): Promise<SendFailure | undefined> {
  const protocol = tracesProtocol(environment);
  const named = tracesEndpoint(environment, protocol);
  const malformed = hasConfigurationFile(environment) ? undefined : malformationIn(environment);
  if (malformed !== undefined && endpoint === named) return { endpoint, reason: malformed };
  const refusal = await refusalOf(endpoint, environment);
  if (refusal === undefined) return undefined;
  const isReplaced = malformed !== undefined && endpoint === tracesEndpoint({}, protocol);
  return isReplaced ? { endpoint: named, reason: malformed } : { endpoint, reason: refusal };
}

/** Why exporters cannot use the endpoint that the environment sets. Over gRPC, an address without scheme means TLS. */
export function malformationIn(environment: CollectorEnvironment): string | undefined {
  const variable = endpointVariable(environment);
  if (variable === undefined) return undefined;
  const endpoint = environment[variable]?.trim() ?? '';
  const isGrpc = tracesProtocol(environment) === 'grpc';
  if (!isGrpc && lacksScheme(endpoint)) return NO_SCHEME;
  // Exporters append their path to it as it is.
  if (!isGrpc && variable === ENDPOINT_VARIABLES[1] && environment[variable]?.endsWith(' '))
    return SPACE_AT_END;
  return parseAddress(endpoint) === undefined ? NOT_A_URL : undefined;
}

export function usesProxy(environment: CollectorEnvironment): boolean {
  return Object.keys(environment).some((name) => /^(https?|all)_proxy$|^NODE_USE_ENV_PROXY$/i.test(name));
}

/** What is reported as not sent. */
type Signal = 'traces' | 'metrics';

let hasReported = false;
let firstReport: Promise<void> | undefined;

/** Prints once to standard error that a signal could not be sent, and what to do. */
export function reportUnsent(endpoint: string, reason: string, signal: Signal = 'traces'): void {
  if (hasReported || typeof process !== 'object') return;
  hasReported = true;
  const address = reason === NOT_A_URL ? 'its endpoint' : addressWithoutSecrets(endpoint);
  const shown = reason === NO_SCHEME ? address.replace(/^http:\/\//, '') : address;
  printToStderr(
    `could not send ${signal} to ${shown} (${reason}). ${
      endpoint === zipkinEndpoint(process.env) ? ZIPKIN_ADVICE : adviceFor(reason, process.env, signal)
    }`,
  );
}

/**
 * The same for a failed export. The error after retries is often a timeout, so this checks whether the endpoint refuses
 * connections.
 */
export async function reportFailedExport(
  endpoint: string,
  error: unknown,
  environment: CollectorEnvironment,
): Promise<void> {
  if (hasReported) return;
  // Others that fail meanwhile wait for the report of the first.
  firstReport ??= refusalOf(endpoint, environment).then((refusal) =>
    reportUnsent(endpoint, refusal ?? failureReason(error)),
  );
  await firstReport;
}

/** The first that fits a reason. */
const ADVICE: readonly (readonly [reason: RegExp, advice: string])[] = [
  [
    /^HTTP (?:3|4(?!29))|^ERR_INVALID|^gRPC (?:7|16)$/,
    'Check OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS.',
  ],
  [/^HTTP /, 'The collector, or a proxy before it, is overloaded or broken. See its log.'],
  [
    /^HPE_/,
    'It does not speak HTTP: if it is the port for gRPC, set OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or use port 4318.',
  ],
  [/^gRPC 4$/, 'It does not answer: it is overloaded, or does not speak gRPC. See its log.'],
  [/^gRPC 8$/, 'It is overloaded, or the batch is larger than it accepts. See its log.'],
  [/^gRPC 14$/, 'Does it speak gRPC? Collectors receive gRPC on port 4317, and HTTP on port 4318.'],
  [
    /SELF_SIGNED|^UNABLE_TO_/,
    'Its certificate is not trusted: set OTEL_EXPORTER_OTLP_CERTIFICATE to the file of its CA certificate.',
  ],
  [/^CERT_HAS_EXPIRED$|ALTNAME/, 'Its certificate has expired, or is that of another host.'],
  [
    /ALERT\w*_CERT/,
    'It asks for a valid certificate: set OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY.',
  ],
  [/CERT/, 'Its certificate is not valid.'],
  [/^EPROTO$/, 'It does not speak TLS: if it is a local collector, write http:// instead of https://.'],
];

const INSTEAD = 'OTEL_TRACES_EXPORTER=console prints traces here instead.';
/** Instead of variables, which a configuration file replaces. */
const IN_FILE = `the exporter in the file of OTEL_CONFIG_FILE.`;
const ZIPKIN_ADVICE = `Is Zipkin running? ${ZIPKIN_VARIABLE} sets its address; ${INSTEAD}`;

export function adviceFor(
  reason: string,
  environment: CollectorEnvironment,
  signal: Signal = 'traces',
): string {
  const variable = endpointVariable(environment) ?? 'OTEL_EXPORTER_OTLP_ENDPOINT';
  if (reason === NO_SCHEME) return `${variable} must start with http:// or https://.`;
  if (reason === NOT_A_URL) return `${variable} must be a URL such as http://localhost:4318.`;
  if (reason === SPACE_AT_END) return `${variable} must not end with a space.`;
  const [, known] = ADVICE.find(([reasons]) => reasons.test(reason)) ?? [];
  const isTraces = signal === 'traces';
  const instead = isTraces ? INSTEAD : 'OTEL_METRICS_EXPORTER=none disables metrics.';
  const advice = known ?? `Is a collector running? ${ENDPOINT_VARIABLES[1]} sets its address; ${instead}`;
  if (hasConfigurationFile(environment))
    return advice.replace(
      /(^|: |\? )[^:?]*OTEL_.*/,
      (_, before) => `${before}${before === ': ' ? 'see' : 'See'} ${IN_FILE}`,
    );
  return isTraces ? advice.replace(ENDPOINT_VARIABLES[1], variable) : advice;
}

/** The reason where a collector has accepted the connection, and nothing else. */
export const NO_ANSWER = 'timeout';
const NO_SCHEME = 'no http://';
const NOT_A_URL = 'not a URL';
export const SPACE_AT_END = 'space at the end';
/** After these statuses, exporters retry. Their error names none of them. */
const RETRIED_STATUS = 'HTTP 429, 502, 503 or 504';

export function lacksScheme(endpoint: string): boolean {
  return !/^https?:\/\//i.test(endpoint);
}

/** Why an export failed: the code of a system error, a status, or the class of the error. Never its message, which may quote data. */
export function failureReason(error: unknown, depth = 0): string {
  const code = field(error, 'code') ?? field(error, 'statusCode');
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return code;
  if (typeof code === 'number' && code >= 300) return `HTTP ${code}`;
  if (typeof code === 'number' && code > 0 && code <= 16) return `gRPC ${code}`;
  if (depth < 3) {
    const inner = field(error, 'cause') ?? field(field(error, 'errors'), 0);
    if (inner !== undefined) return failureReason(inner, depth + 1);
  }
  const message = field(error, 'message');
  if (typeof message === 'string' && /retryable status/.test(message)) return RETRIED_STATUS;
  if (typeof message === 'string' && /tim(?:ed? ?out|eout)/i.test(message)) return NO_ANSWER;
  const [, zipkinStatus] = /status code from zipkin: (\d{3})$/.exec(String(message)) ?? [];
  if (zipkinStatus !== undefined) return `HTTP ${zipkinStatus}`;
  return error instanceof Error ? error.name : 'unknown error';
}

/** The endpoint without the user name, the password and the query, which may contain a key. */
export function addressWithoutSecrets(endpoint: string): string {
  const url = parseAddress(endpoint);
  if (url === undefined) return 'the endpoint of OTEL_EXPORTER_OTLP_ENDPOINT';
  return `${url.protocol}//${url.host}${pathWithoutSecrets(url)}`;
}

/** The path, unless it may contain a password: `https//user:password@host` is read as the host `https` with a path. */
export function pathWithoutSecrets({ pathname }: URL): string {
  return /@|%40/.test(pathname) ? '' : pathname;
}

/** What a socket connects to for a URL. */
export function socketAddress({ hostname, port, protocol }: URL): { host: string; port: number } {
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
  };
}

export function parseAddress(endpoint: string): URL | undefined {
  try {
    return new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(endpoint) ? endpoint : `http://${endpoint}`);
  } catch {
    return undefined;
  }
}
