import { CONFIG_FILE_VARIABLE, hasConfigurationFile } from '../../config/environment.ts';
import {
  addressWithoutSecrets,
  ENDPOINT_RULES,
  endpointVariable,
  lacksScheme,
  malformationIn,
  NO_SCHEME,
  NOT_A_URL,
  OTLP_ENDPOINT_VARIABLE,
  parseAddress,
  socketAddress,
  tracesEndpoint,
  tracesProtocol,
  usesProxy,
  ZIPKIN_VARIABLE,
  zipkinEndpoint,
} from '../../config/otlp.ts';
import { builtIn } from '../../util/built-in.ts';
import { makeSuppressed } from '../../util/context.ts';
import { field, row } from '../../util/payload.ts';
import { printToStderr } from '../../util/text-stream.ts';
import { NAME } from '../../util/version.ts';

/** What is reported as not sent. */
export type Signal = 'traces' | 'metrics';

/** Why nothing can be sent to an endpoint, which is the one that the user wrote. */
export interface SendFailure {
  readonly endpoint: string;
  readonly reason: string;
}

const REFUSED_CONNECTION = 'ECONNREFUSED';
/** The reason when a collector accepts the connection and never responds. */
export const NO_ANSWER = 'timeout';
/** After these statuses, exporters retry. Their error names none of them. */
const RETRIED_STATUS = 'HTTP 429, 502, 503 or 504';

/** A refused connection fails at once. An endpoint that takes longer may be reachable. */
const CONNECT_TIMEOUT_MS = 300;

/** What prints a signal here, or does without it. */
const INSTEAD: Readonly<Record<Signal, string>> = {
  traces: 'OTEL_TRACES_EXPORTER=console prints traces here instead.',
  metrics: 'OTEL_METRICS_EXPORTER=none disables metrics.',
};

let hasReported = false;

/** Prints once to standard error that a signal could not be sent, and what to do. */
export function reportUnsent({ endpoint, reason }: SendFailure, signal: Signal = 'traces'): void {
  if (hasReported || typeof process !== 'object') return;
  hasReported = true;
  const address = reason === NOT_A_URL ? 'its endpoint' : addressWithoutSecrets(endpoint);
  const shown = reason === NO_SCHEME ? address.replace(/^http:\/\//, '') : address;
  printToStderr(`could not send ${signal} to ${shown} (${reason}). ${whatToDo(endpoint, reason, signal)}`);
}

function whatToDo(endpoint: string, reason: string, signal: Signal): string {
  const { env } = process;
  const variable = (signal === 'traces' && endpointVariable(env)) || OTLP_ENDPOINT_VARIABLE;
  const rule = row(ENDPOINT_RULES, reason);
  if (rule !== undefined) return `${variable} must ${rule}.`;
  if (hasConfigurationFile(env)) return `See the exporter in the file of ${CONFIG_FILE_VARIABLE}.`;
  if (reason !== REFUSED_CONNECTION && reason !== NO_ANSWER) return `To find out why: npx ${NAME} doctor`;
  const [server, setting] =
    endpoint === zipkinEndpoint(env) ? ['Zipkin', ZIPKIN_VARIABLE] : ['a collector', variable];
  return `Is ${server} running? ${setting} sets its address; ${INSTEAD[signal]}`;
}

/**
 * Checks whether nothing can be sent to an endpoint: it refuses connections, or the variable that set it is
 * malformed. Exporters over HTTP throw at each export to `localhost:4318`, and replace
 * `127.0.0.1:4318`, which is no URL, by the default.
 */
export async function sendFailureOf(endpoint: string): Promise<SendFailure | undefined> {
  const { env } = process;
  const protocol = tracesProtocol(env);
  const named = tracesEndpoint(env, protocol);
  const malformed = hasConfigurationFile(env) ? undefined : malformationIn(env);
  if (malformed !== undefined && endpoint === named) return { endpoint, reason: malformed };
  if (!(await isRefused(endpoint))) return undefined;
  const isReplaced = malformed !== undefined && endpoint === tracesEndpoint({}, protocol);
  return isReplaced ? { endpoint: named, reason: malformed } : { endpoint, reason: REFUSED_CONNECTION };
}

/** Whether an endpoint refuses connections. Any other failure may be temporary. */
function isRefused(endpoint: string): Promise<boolean> {
  const net = builtIn('node:net');
  const url = parseAddress(endpoint);
  if (net === undefined || url === undefined || lacksScheme(url.href) || usesProxy(process.env))
    return Promise.resolve(false);
  return new Promise((resolve) => {
    // Without a span, even if the program instruments `node:net`.
    const socket = makeSuppressed(() => net.connect({ ...socketAddress(url), timeout: CONNECT_TIMEOUT_MS }));
    const end = (reason?: string): void => {
      socket.destroy();
      resolve(reason === REFUSED_CONNECTION);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end());
    // Not `once`: a second error would reach the program.
    socket.on('error', (error) => end(failureReason(error)));
  });
}

let firstReport: Promise<void> | undefined;

/** Reports a failed export. The error after retries is often a timeout, so this checks whether connections are refused. */
export async function reportFailedExport(endpoint: string, error: unknown): Promise<void> {
  if (hasReported) return;
  // Others that fail meanwhile wait for the report of the first.
  firstReport ??= isRefused(endpoint).then((refused) =>
    reportUnsent({ endpoint, reason: refused ? REFUSED_CONNECTION : failureReason(error) }),
  );
  await firstReport;
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
