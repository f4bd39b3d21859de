import { CONFIG_FILE_VARIABLE, hasConfigurationFile } from '../../config/environment.ts';
import {
  addressWithoutSecrets,
  ENDPOINT_RULES,
  endpointVariable,
  lacksScheme,
  malformationIn,
  OTLP_ENDPOINT_VARIABLE,
  parseAddress,
  socketAddress,
  usesProxy,
  ZIPKIN_VARIABLE,
  zipkinEndpoint,
} from '../../config/otlp.ts';
import { builtIn } from '../../util/built-in.ts';
import { makeSuppressed } from '../../util/context.ts';
import { HTTP_REQUESTS, listenToChannels } from '../../util/diagnostics-channels.ts';
import { field, objectField } from '../../util/payload.ts';
import { printToStderr } from '../../util/text-stream.ts';
import { NAME, VIEW_HEADER } from '../../util/version.ts';

/** Why a collector receives no spans: it refuses connections, or it accepts them and never responds. */
export const REFUSED_CONNECTION = 'ECONNREFUSED';
export const NO_ANSWER = 'timeout';

/** A refused connection fails at once. An endpoint that takes longer may be reachable. */
const CONNECT_TIMEOUT_MS = 300;

let hasReported = false;

/** Prints once to standard error that traces could not be sent, and what to do. */
export function reportUnsent(endpoint: string, reason: string): void {
  if (hasReported || typeof process !== 'object') return;
  hasReported = true;
  printToStderr(
    `could not send traces to ${addressWithoutSecrets(endpoint)} (${reason}). ${whatToDo(endpoint, reason)}`,
  );
}

/** Prints once that traces could not be sent because an environment variable sets an endpoint that is malformed. */
export function reportMalformation(): void {
  const { env } = process;
  const reason = malformationIn(env);
  if (hasReported || reason === undefined) return;
  hasReported = true;
  printToStderr(
    `could not send traces (${reason}). ${endpointVariable(env)} must ${ENDPOINT_RULES[reason]}.`,
  );
}

function whatToDo(endpoint: string, reason: string): string {
  const { env } = process;
  if (hasConfigurationFile(env)) return `See the exporter in the file of ${CONFIG_FILE_VARIABLE}.`;
  if (reason !== REFUSED_CONNECTION && reason !== NO_ANSWER) return `To find out why: npx ${NAME} doctor`;
  const [server, variable] =
    endpoint === zipkinEndpoint(env)
      ? ['Zipkin', ZIPKIN_VARIABLE]
      : ['a collector', endpointVariable(env) ?? OTLP_ENDPOINT_VARIABLE];
  return `Is ${server} running? ${variable} sets its address; OTEL_TRACES_EXPORTER=console prints traces here instead.`;
}

/** Whether an endpoint refuses connections. Any other failure may be temporary. */
export function isRefused(endpoint: string): Promise<boolean> {
  const net = builtIn('node:net');
  const url = parseAddress(endpoint);
  if (net === undefined || url === undefined || lacksScheme(url.href) || usesProxy(process.env))
    return Promise.resolve(false);
  return new Promise((resolve) => {
    // Suppressed, so that it gets no span if the program instruments `node:net`.
    const socket = makeSuppressed(() => net.connect({ ...socketAddress(url), timeout: CONNECT_TIMEOUT_MS }));
    const end = (reason?: string): void => {
      socket.destroy();
      resolve(reason === REFUSED_CONNECTION);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end());
    // Not `once`: a second error would have no listener, so it would be thrown in the program.
    socket.on('error', (error) => end(failureReason(error)));
  });
}

let firstReport: Promise<void> | undefined;

/** Reports a failed export. The error after retries is often a timeout, so this checks whether connections are refused. */
export async function reportFailedExport(endpoint: string, error: unknown): Promise<void> {
  // Only the first failed export is checked and reported. Later ones wait for its report.
  firstReport ??= isRefused(endpoint).then((refused) =>
    reportUnsent(endpoint, refused ? REFUSED_CONNECTION : failureReason(error)),
  );
  await firstReport;
}

/**
 * Why an export failed: the code of a system error, a status, or the class of the error. Never its message, which may
 * quote data.
 */
export function failureReason(error: unknown, depth = 0): string {
  const code = field(error, 'code') ?? field(error, 'statusCode');
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return code;
  if (typeof code === 'number' && code >= 300) return `HTTP ${code}`;
  if (typeof code === 'number' && code > 0 && code <= 16) return `gRPC ${code}`;
  const inner = field(error, 'cause') ?? field(field(error, 'errors'), 0);
  if (depth < 3 && inner !== undefined) return failureReason(inner, depth + 1);
  // Exporters report these two reasons only in the message.
  const message = String(field(error, 'message'));
  if (/retryable status/.test(message)) return 'HTTP 429, 502, 503 or 504';
  if (/tim(?:ed? ?out|eout)/i.test(message)) return NO_ANSWER;
  return error instanceof Error ? error.name : 'unknown error';
}

/** How long a timeout counts as recent. The program can end as soon as its last request has timed out. */
const RECENT_TIMEOUT_MS = 1_000;
/** When a request to a collector last timed out, by host. An answer from the host removes its entry. */
const timeouts = new Map<string, number>();

/** The members that are used here of a request of `node:http`. */
interface HttpRequest {
  readonly method: string;
  readonly path: string;
  getHeader(name: string): unknown;
  once(event: 'close' | 'timeout', listener: () => void): unknown;
  setTimeout(milliseconds: number, timedOut: () => void): unknown;
  destroy(error: Error): unknown;
}

/**
 * Remembers whether the hosts of these endpoints answer.
 *
 * @param timeoutMs the timeout of requests to the endpoints, if their exporter sets none
 */
export function watchTimeouts(endpoints: readonly string[], timeoutMs?: number): void {
  const urls = endpoints.flatMap((endpoint) => parseAddress(endpoint) ?? []);
  listenToChannels([HTTP_REQUESTS], 'observing an export request', (message) => {
    const request = field(message, 'request') as HttpRequest;
    const url = urls.find(({ host }) => host === request.getHeader('host'));
    // Requests with this header send spans in progress to the command `view`. Nothing is lost if they time out.
    if (url === undefined || request.method !== 'POST' || request.getHeader(VIEW_HEADER) !== undefined)
      return;
    request.once('timeout', () => timeouts.set(url.host, performance.now()));
    // Not the event `response`: if it has a listener, Node no longer discards the body by itself.
    request.once('close', () => {
      if (field(objectField(request, 'res'), 'complete') === true) timeouts.delete(url.host);
    });
    if (timeoutMs !== undefined && request.path === url.pathname + url.search)
      request.setTimeout(timeoutMs, () => request.destroy(new Error(NO_ANSWER)));
  });
}

/** Whether a request to the same server has just timed out, so that another one would only keep the process alive. */
export function hasJustTimedOut(endpoint: string): boolean {
  const time = timeouts.get(parseAddress(endpoint)?.host ?? '');
  return time !== undefined && performance.now() - time < RECENT_TIMEOUT_MS;
}
