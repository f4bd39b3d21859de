import { HTTP_REQUESTS, listenToChannels } from '../util/diagnostics-channels.ts';
import { field, objectField } from '../util/payload.ts';
import { parseAddress } from './otlp-address.ts';

/** What is used of a request of `node:http`. */
interface HttpRequest {
  readonly socket?: { unref(): unknown } | null;
  once(event: 'close' | 'timeout', listener: () => void): unknown;
  destroy(error: Error): unknown;
}

/**
 * Gives the requests to an endpoint a timeout. Zipkin's exporter sets none: one request to a server that never answers
 * would keep the process alive for good.
 */
export function limitRequestsTo(endpoint: string, timeoutMs: number): void {
  onRequestTo([endpoint], (request, { origin }) => {
    const timer = setTimeout(() => {
      timeouts.set(origin, performance.now());
      request.destroy(new Error('timeout'));
    }, timeoutMs);
    request.once('close', () => clearTimeout(timer));
  });
}

/** When a server last let a request time out, by its origin. An answer removes it. */
const timeouts = new Map<string, number>();
/** The program can end as soon as the last request has timed out. */
const RECENT_TIMEOUT_MS = 1_000;

/** Remembers which servers do not answer the requests to these endpoints. */
export function watchAnswersOf(endpoints: readonly string[]): void {
  if (endpoints.length === 0) return;
  onRequestTo(endpoints, (request, { origin }) => {
    request.once('timeout', () => timeouts.set(origin, performance.now()));
    // With a listener for the response, Node would leave its body unread.
    request.once('close', () => {
      if (objectField(request, 'res') !== undefined) timeouts.delete(origin);
    });
  });
}

/** Whether a request to the same server has just timed out, so that another one would only keep the process alive. */
export function hasJustTimedOut(endpoint: string): boolean {
  const at = timeouts.get(parseAddress(endpoint)?.origin ?? '');
  return at !== undefined && performance.now() - at < RECENT_TIMEOUT_MS;
}

/**
 * Lets the process end while requests to these endpoints wait for an answer.
 *
 * @returns stops it, for requests that are made later
 */
export function unrefRequestsTo(endpoints: readonly string[]): () => void {
  return endpoints.length === 0 ? () => undefined : onRequestTo(endpoints, ({ socket }) => socket?.unref());
}

function onRequestTo(
  endpoints: readonly string[],
  found: (request: HttpRequest, url: URL) => void,
): () => void {
  const urls = endpoints.flatMap((endpoint) => parseAddress(endpoint) ?? []);
  return listenToChannels([HTTP_REQUESTS], 'observing an export request', (message) => {
    const request = field(message, 'request');
    const url = urls.find((each) => isTo(each, request));
    if (url !== undefined) found(request as HttpRequest, url);
  });
}

function isTo({ protocol, host, pathname, search }: URL, request: unknown): boolean {
  const getHeader = field(request, 'getHeader');
  return (
    field(request, 'method') === 'POST' &&
    field(request, 'protocol') === protocol &&
    field(request, 'path') === pathname + search &&
    typeof getHeader === 'function' &&
    getHeader.call(request, 'host') === host
  );
}
