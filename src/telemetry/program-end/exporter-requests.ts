import { parseAddress } from '../../config/otlp.ts';
import { HTTP_REQUESTS, listenToChannels } from '../../util/diagnostics-channels.ts';
import { field, objectField } from '../../util/payload.ts';
import { VIEW_HEADER } from '../../util/version.ts';

/** What is used of a request of `node:http`. */
interface HttpRequest {
  readonly path?: unknown;
  once(event: 'close' | 'timeout', listener: () => void): unknown;
  setTimeout(milliseconds: number, timedOut: () => void): unknown;
  destroy(error: Error): unknown;
}

/** When a server last let a request time out, by its origin. An answer removes it. */
const timeouts = new Map<string, number>();
/** The program can end as soon as the last request has timed out. */
const RECENT_TIMEOUT_MS = 1_000;

/**
 * Remembers whether the servers of these endpoints answer.
 *
 * @param timeoutMs the timeout of requests to the endpoints. Zipkin's exporter sets none: one request to a server that
 *   never answers would keep the process alive for good
 */
export function watchRequestsTo(endpoints: readonly string[], timeoutMs?: number): void {
  const urls = endpoints.flatMap((endpoint) => parseAddress(endpoint) ?? []);
  if (urls.length === 0) return;
  listenToChannels([HTTP_REQUESTS], 'observing an export request', (message) => {
    const sent = field(message, 'request');
    const url = urls.find((each) => isToServerOf(each, sent));
    if (url === undefined) return;
    const request = sent as HttpRequest;
    request.once('timeout', () => timeouts.set(url.origin, performance.now()));
    // With a listener for the response, Node would leave its body unread.
    request.once('close', () => {
      if (objectField(request, 'res') !== undefined) timeouts.delete(url.origin);
    });
    if (timeoutMs !== undefined && request.path === url.pathname + url.search)
      request.setTimeout(timeoutMs, () => request.destroy(new Error('timeout')));
  });
}

/** Whether a request to the same server has just timed out, so that another one would only keep the process alive. */
export function hasJustTimedOut(endpoint: string): boolean {
  const at = timeouts.get(parseAddress(endpoint)?.origin ?? '');
  return at !== undefined && performance.now() - at < RECENT_TIMEOUT_MS;
}

function isToServerOf({ protocol, host }: URL, request: unknown): boolean {
  const getHeader = field(request, 'getHeader');
  return (
    field(request, 'method') === 'POST' &&
    field(request, 'protocol') === protocol &&
    typeof getHeader === 'function' &&
    getHeader.call(request, 'host') === host &&
    // Of spans in progress nothing is lost.
    getHeader.call(request, VIEW_HEADER) === undefined
  );
}
