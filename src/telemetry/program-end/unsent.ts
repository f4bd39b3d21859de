import { adviceIfUnsent } from '../../config/environment.ts';
import { addressWithoutSecrets, lacksScheme, parseAddress, usesProxy } from '../../config/otlp.ts';
import { connectionFailure } from '../../util/connection-failure.ts';
import { REFUSED_CONNECTION } from '../../util/export-result.ts';
import { platform } from '../../util/platform.ts';
import { printToStderr } from '../../util/text-stream.ts';

const RECENT_TIMEOUT_MS = 1_000;
/** When an export last timed out, by the host of its endpoint. */
const timeouts = new Map<string, number>();

export function noteTimeout(host: string): void {
  timeouts.set(host, platform.performance.now());
}

/** @param endpoint where exports go. Default: any endpoint */
export function hasJustTimedOut(endpoint?: string): boolean {
  const since = platform.performance.now() - RECENT_TIMEOUT_MS;
  const host = endpoint === undefined ? undefined : (parseAddress(endpoint)?.host ?? '');
  return [...timeouts].some(([each, time]) => time > since && each === (host ?? each));
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
    `could not send traces to ${address} (${reason}). ${adviceIfUnsent(process.env, endpoint, reason)}`,
  );
}

/** A refused connection fails at once. An endpoint that takes longer may be reachable. */
const CONNECT_TIMEOUT_MS = 300;

/** Returns the reason if an endpoint refuses connections. Other failures may pass, so they do not count. */
export async function refusalOf(endpoint: string): Promise<string | undefined> {
  const url = parseAddress(endpoint);
  if (url === undefined || lacksScheme(url.href) || usesProxy(process.env)) return undefined;
  const failure = await connectionFailure(url, CONNECT_TIMEOUT_MS);
  return failure === REFUSED_CONNECTION ? failure : undefined;
}
