import { CONFIG_FILE_VARIABLE, hasConfigurationFile } from '../../config/environment.ts';
import {
  addressWithoutSecrets,
  endpointVariable,
  lacksScheme,
  OTLP_ENDPOINT_VARIABLE,
  parseAddress,
  usesProxy,
  ZIPKIN_VARIABLE,
  zipkinEndpoint,
} from '../../config/otlp.ts';
import { connectionFailure } from '../../util/connection.ts';
import { NO_ANSWER } from '../../util/export-result.ts';
import { printToStderr } from '../../util/text-stream.ts';
import { NAME } from '../../util/version.ts';

const RECENT_TIMEOUT_MS = 1_000;
/** When an export last timed out, by the host of its endpoint. */
const timeouts = new Map<string, number>();

/** Called when an export times out. */
export function noteTimeout(host: string): void {
  timeouts.set(host, performance.now());
}

/** @param endpoint the address of exports; by default any */
export function hasJustTimedOut(endpoint?: string): boolean {
  const times =
    endpoint === undefined ? [...timeouts.values()] : [timeouts.get(hostOf(endpoint)) ?? -Infinity];
  return times.some((time) => performance.now() - time < RECENT_TIMEOUT_MS);
}

function hostOf(endpoint: string): string {
  return parseAddress(endpoint)?.host ?? '';
}

const REFUSED_CONNECTION = 'ECONNREFUSED';

let hasReported = false;

/** Prints why traces were not sent. Later reports, which often have the same cause, are left out. */
export function reportOnce(problem: string): void {
  if (!hasReported) printToStderr(problem);
  hasReported = true;
}

/** Reports that traces could not be sent, and what to do. */
export function reportUnsent(endpoint: string, reason: string): void {
  const address = addressWithoutSecrets(endpoint);
  reportOnce(`could not send traces to ${address} (${reason}). ${whatToDo(endpoint, reason)}`);
}

function whatToDo(endpoint: string, reason: string): string {
  const { env } = process;
  if (hasConfigurationFile(env)) return `See the exporter in the file of ${CONFIG_FILE_VARIABLE}.`;
  if (reason !== REFUSED_CONNECTION && reason !== NO_ANSWER) return `To find out why: npx ${NAME} doctor`;
  const isZipkin = endpoint === zipkinEndpoint(env);
  const server = isZipkin ? 'Zipkin' : 'a collector';
  const variable = isZipkin ? ZIPKIN_VARIABLE : (endpointVariable(env) ?? OTLP_ENDPOINT_VARIABLE);
  return `Is ${server} running? ${variable} sets its address; OTEL_TRACES_EXPORTER=console prints traces here instead.`;
}

/** A refused connection fails at once. An endpoint that takes longer may be reachable. */
const CONNECT_TIMEOUT_MS = 300;

/** The reason if an endpoint refuses connections. Any other failure may be temporary. */
export async function refusalOf(endpoint: string): Promise<string | undefined> {
  const url = parseAddress(endpoint);
  if (url === undefined || lacksScheme(url.href) || usesProxy(process.env)) return undefined;
  const failure = await connectionFailure(url, CONNECT_TIMEOUT_MS);
  return failure === REFUSED_CONNECTION ? failure : undefined;
}
