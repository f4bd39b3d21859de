import { hasConfigurationFile } from '../config/exporter-variables.ts';
import { makeSuppressed } from '../sdk/suppression.ts';
import { builtIn } from '../util/built-in.ts';
import { failureReason } from './export-advice.ts';
import { lacksScheme, parseAddress, socketAddress } from './otlp-address.ts';
import {
  type CollectorEnvironment,
  malformationIn,
  tracesEndpoint,
  tracesProtocol,
  usesProxy,
} from './otlp-environment.ts';

/** A refused connection fails at once. An endpoint that takes longer may be reachable. */
const CONNECT_TIMEOUT_MS = 300;

/**
 * Checks whether an endpoint refuses connections. Any other failure may be temporary.
 *
 * @returns `ECONNREFUSED`, or `undefined` if the connection was not refused
 */
export function refusalOf(endpoint: string, environment: CollectorEnvironment): Promise<string | undefined> {
  const net = builtIn('node:net');
  const url = parseAddress(endpoint);
  if (net === undefined || usesProxy(environment)) return Promise.resolve(undefined);
  if (url === undefined || lacksScheme(url.href)) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    // Without a span, even if the program instruments `node:net`.
    const socket = makeSuppressed(() => net.connect({ ...socketAddress(url), timeout: CONNECT_TIMEOUT_MS }));
    const end = (code?: string): void => {
      socket.destroy();
      resolve(code === 'ECONNREFUSED' ? code : undefined);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end());
    // Not `once`: a second error would reach the program.
    socket.on('error', (error) => end(failureReason(error)));
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
