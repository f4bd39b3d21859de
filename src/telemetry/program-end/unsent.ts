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
import { failureReason, NO_ANSWER } from '../../util/export-result.ts';
import { field, objectField } from '../../util/payload.ts';
import { printToStderr } from '../../util/text-stream.ts';
import { NAME, VIEW_HEADER } from '../../util/version.ts';

const REFUSED_CONNECTION = 'ECONNREFUSED';

let hasReported = false;

function reportOnce(problem: string): void {
  if (!hasReported) printToStderr(`could not send traces ${problem}`);
  hasReported = true;
}

/** Prints once to standard error that traces could not be sent, and what to do. */
export function reportUnsent(endpoint: string, reason: string): void {
  reportOnce(`to ${addressWithoutSecrets(endpoint)} (${reason}). ${whatToDo(endpoint, reason)}`);
}

/** Does the same if an environment variable sets an endpoint that no exporter can use. */
export function reportMalformation(): void {
  const { env } = process;
  const reason = malformationIn(env);
  if (reason !== undefined)
    reportOnce(`(${reason}). ${endpointVariable(env)} must ${ENDPOINT_RULES[reason]}.`);
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

let firstReport: Promise<void> | undefined;

/** Reports a failed export. The error after retries is often a timeout, so this checks whether connections are refused. */
export async function reportFailedExport(endpoint: string, error: unknown): Promise<void> {
  // Only the first failed export is checked and reported. Later ones wait for its report.
  firstReport ??= whyUnreachable(endpoint).then((reason) =>
    reportUnsent(endpoint, reason ?? failureReason(error)),
  );
  await firstReport;
}

/** A refused connection fails at once. An endpoint that takes longer may be reachable. */
const CONNECT_TIMEOUT_MS = 300;
/** How long a timeout counts as recent. The program can end as soon as its last request has timed out. */
const RECENT_TIMEOUT_MS = 1_000;
/** When a request to a collector last timed out, by host. An answer from the host removes its entry. */
const timeouts = new Map<string, number>();

/**
 * Why a request to an endpoint would only keep the process alive: it refuses connections, or a request to the same
 * server has just timed out. `undefined` after any other failure, which may be temporary.
 */
export async function whyUnreachable(endpoint: string): Promise<string | undefined> {
  const url = parseAddress(endpoint);
  if (url === undefined) return undefined;
  if (performance.now() - (timeouts.get(url.host) ?? -Infinity) < RECENT_TIMEOUT_MS) return NO_ANSWER;
  if (lacksScheme(url.href) || usesProxy(process.env)) return undefined;
  const failure = await connectionFailure(url, CONNECT_TIMEOUT_MS);
  return failure === REFUSED_CONNECTION ? failure : undefined;
}

/** Why no connection to a server can be opened; `undefined` if it can, or in a runtime without `node:net`. */
export async function connectionFailure(url: URL, timeoutMs: number): Promise<string | undefined> {
  const net = builtIn('node:net');
  if (net === undefined) return undefined;
  return new Promise((resolve) => {
    // Suppressed, so that it gets no span if the program instruments `node:net`.
    const socket = makeSuppressed(() => net.connect({ ...socketAddress(url), timeout: timeoutMs }));
    const end = (reason?: string): void => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end(NO_ANSWER));
    // Not `once`: a second error would have no listener, so it would be thrown in the program.
    socket.on('error', (error) => end(failureReason(error)));
  });
}

/**
 * Remembers whether the hosts of these endpoints answer.
 *
 * @param timeoutMs the timeout of requests to the endpoints, if their exporter sets none
 */
export function watchTimeouts(endpoints: readonly string[], timeoutMs?: number): void {
  const urls = endpoints.flatMap((endpoint) => parseAddress(endpoint) ?? []);
  listenToChannels([HTTP_REQUESTS], 'observing an export request', (message) => {
    const request = field(message, 'request') as import('node:http').ClientRequest;
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
