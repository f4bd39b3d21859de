import { adviceIfUnsent } from '../../config/environment.ts';
import { addressWithoutSecrets, lacksScheme, parseAddress, usesProxy } from '../../config/otlp.ts';
import { builtIn } from '../../util/built-in.ts';
import { connectionFailure } from '../../util/connection-failure.ts';
import { failureReason, REFUSED_CONNECTION } from '../../util/failure-reason.ts';
import { platform } from '../../util/platform.ts';
import { printToStderr } from '../../util/process-warning.ts';
import { readEnvironment } from '../../util/variables.ts';

const RECENT_TIMEOUT_MS = 1_000;
/** When an export last timed out, by the host of its endpoint. */
const timeouts = new Map<string, number>();
/** The hosts of endpoints that refused the last export or let it time out. */
const failing = new Set<string>();

export function noteTimeout(host: string): void {
  timeouts.set(host, platform.performance.now());
  failing.add(host);
}

/** @param endpoint where exports go. Default: any endpoint */
export function hasJustTimedOut(endpoint?: string): boolean {
  const since = platform.performance.now() - RECENT_TIMEOUT_MS;
  const host = endpoint === undefined ? undefined : (parseAddress(endpoint)?.host ?? '');
  return [...timeouts].some(([each, time]) => time > since && each === (host ?? each));
}

export function noteSuccess(endpoint: string): void {
  failing.delete(parseAddress(endpoint)?.host ?? '');
}

export function hasLastFailed(endpoint: string): boolean {
  return failing.has(parseAddress(endpoint)?.host ?? '');
}

interface SentRequest {
  once(event: string | symbol, listener: (error: unknown) => void): unknown;
}

/** How many requests of exports have begun and not ended, by endpoint. */
const requestsUnderWay = new Map<string, number>();

export function noteRequest({ host, href }: URL, request: SentRequest): void {
  const count = (added: number): unknown =>
    requestsUnderWay.set(href, (requestsUnderWay.get(href) ?? 0) + added);
  count(1);
  request.once('close', () => count(-1));
  // Not `error`: Node throws an error for which nobody else listens.
  request.once(builtIn('node:events')?.errorMonitor ?? 'close', (error) => {
    if (failureReason(error) === REFUSED_CONNECTION) failing.add(host);
  });
}

/** Whether a request to this endpoint has begun. It may arrive even if the process exits now. */
export function isUnderWay(endpoint: string): boolean {
  return (requestsUnderWay.get(parseAddress(endpoint)?.href ?? '') ?? 0) > 0;
}

let hasReported = false;

/** Prints why traces were not sent. Later reports, which often have the same cause, are left out. */
export function reportOnce(problem: string): void {
  if (!hasReported) printToStderr(problem);
  hasReported = true;
}

export function reportUnsent(endpoint: string, reason: string): void {
  const address = addressWithoutSecrets(endpoint);
  reportOnce(
    `could not send traces to ${address} (${reason}). ${adviceIfUnsent(readEnvironment(), endpoint, reason)}`,
  );
}

/** A refused connection fails at once. An endpoint that takes longer may be reachable. */
const CONNECT_TIMEOUT_MS = 300;

/** Returns the reason if an endpoint refuses connections. Other failures may pass, so they do not count. */
export async function refusalOf(endpoint: string): Promise<string | undefined> {
  const url = parseAddress(endpoint);
  if (url === undefined || lacksScheme(url.href) || usesProxy(readEnvironment())) return undefined;
  const failure = await connectionFailure(url, CONNECT_TIMEOUT_MS);
  if (failure !== REFUSED_CONNECTION) return undefined;
  failing.add(url.host);
  return failure;
}
