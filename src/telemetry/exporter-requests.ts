import { HTTP_REQUESTS, listenToChannels } from '../util/diagnostics-channels.ts';
import { field } from '../util/payload.ts';

/** What is used of a request of `node:http`. */
interface HttpRequest {
  readonly socket?: { unref(): unknown } | null;
  once(event: 'close', listener: () => void): unknown;
  destroy(error: Error): unknown;
}

/**
 * Gives the requests to an endpoint a timeout. Zipkin's exporter sets none: one request to a server that never answers
 * would keep the process alive for good.
 */
export function limitRequestsTo(endpoint: string, timeoutMs: number): void {
  onRequestTo([endpoint], (request) => {
    const timer = setTimeout(() => request.destroy(new Error('timeout')), timeoutMs);
    request.once('close', () => clearTimeout(timer));
  });
}

/**
 * Lets the process end while requests to these endpoints wait for an answer.
 *
 * @returns stops it, for requests that are made later
 */
export function unrefRequestsTo(endpoints: readonly string[]): () => void {
  return endpoints.length === 0 ? () => undefined : onRequestTo(endpoints, ({ socket }) => socket?.unref());
}

function onRequestTo(endpoints: readonly string[], found: (request: HttpRequest) => void): () => void {
  const urls = endpoints.map((endpoint) => new URL(endpoint));
  return listenToChannels([HTTP_REQUESTS], 'looking at a request of an exporter', (message) => {
    const request = field(message, 'request');
    if (urls.some((url) => isTo(url, request))) found(request as HttpRequest);
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
