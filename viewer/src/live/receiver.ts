import { randomBytes, timingSafeEqual } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { readOtlpDocument } from '../otlp-json.ts';
import { livePageDocument } from '../page-file.ts';
import { LIVE, VIEW_HEADER } from '../shared/names.ts';
import type { SpanStore } from '../span-store.ts';
import type { TraceChanges } from '../trace-store.ts';
import type { ViewedSpan } from '../viewed-span.ts';
import type { KeptTraces } from './kept-traces.ts';
import { decodeOtlp } from './otlp-protobuf.ts';
import { parseOtlpBody, Refusal, readOtlpBody } from './otlp-request.ts';

const JSON_TYPE = 'application/json';
const SIGNAL = /^\/v1\/(traces|logs|metrics)$/;
const PROTOBUF_TYPE = 'application/x-protobuf';

/** Headers of every answer. Other web pages cannot show or load it, and browsers do not store it. */
const ANSWER_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // Tells programs that this is the command `view`. They stop sending spans in progress to any other server.
  [VIEW_HEADER]: LIVE,
};

/** An answer of this length, in UTF-16 units, gets no further span. */
const ANSWER_LENGTH = 5_000_000;
const MAX_ANSWER_DELAY_MS = 30_000;

export class Receiver {
  readonly #store: SpanStore;
  readonly #token: string;
  readonly #kept: KeptTraces | undefined;
  readonly #changes = new EventEmitter().setMaxListeners(0);

  /**
   * @param token the secret that a request must contain to read traces. Sending traces needs no token
   * @param kept where received requests are kept
   */
  constructor(store: SpanStore, token: string, kept?: KeptTraces) {
    this.#store = store;
    this.#token = token;
    this.#kept = kept;
  }

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    this.#answer(request, response).catch((error: unknown) => {
      const refusal = error instanceof Refusal ? error : new Refusal(400, 'The request could not be read.');
      refuse(request, response, refusal);
    });
  };

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const problem = accessProblem(request.headers);
    if (problem !== undefined) throw new Refusal(403, problem);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const signal = SIGNAL.exec(url.pathname)?.[1];
    if (request.method === 'POST' && signal !== undefined) return this.#receive(signal, request, response);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead)
      throw new Refusal(/^\/v1\//.test(url.pathname) ? 404 : 405, 'Send traces to /v1/traces with POST.');
    const { pathname, searchParams } = url;
    if (!matchesToken(searchParams.get('token') ?? '', this.#token))
      throw new Refusal(403, 'Open the address that the command printed last. Its token lets you in.');
    if (pathname === '/') sendPage(response);
    else if (pathname === '/api/spans') await this.#sendChanges(searchParams, response);
    else throw new Refusal(404, 'Not found. The page is at /.');
  }

  /** Sends what changed after a revision. With `wait`, first waits until something has changed. */
  async #sendChanges(asked: URLSearchParams, response: ServerResponse): Promise<void> {
    const after = Number(asked.get('after'));
    if (asked.has('wait') && after === this.#store.revision)
      await once(this.#changes, 'new', { signal: AbortSignal.timeout(MAX_ANSWER_DELAY_MS) }).catch(
        () => undefined,
      );
    if (response.destroyed) return;
    send(response, 200, JSON_TYPE, JSON.stringify(changesAfter(this.#store, after)));
  }

  async #receive(signal: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const type = typeOfBody(request);
    const body = await readOtlpBody(request);
    // Metrics are accepted and ignored. Programs send them to the same endpoint, and would log errors if they were
    // refused.
    if (signal === 'traces' || signal === 'logs') {
      const document = documentIn(body, type, signal);
      const { spans } = readOtlpDocument(document);
      this.#store.take(spans);
      if (spans.length > 0) this.#changes.emit('new');
      // Spans in progress are not kept, because exporters send them again when they have ended.
      const isLive = request.headers[VIEW_HEADER] !== undefined;
      if (!isLive && spans.length > 0) this.#kept?.add(document);
    }
    // The OTLP response for full success: an empty message, which is zero bytes in protobuf.
    send(response, 200, type, type === JSON_TYPE ? '{}' : '');
  }
}

function typeOfBody({ headers }: IncomingMessage): string {
  const [type = ''] = (headers['content-type'] ?? '').toLowerCase().split(';');
  if (type.trim() === JSON_TYPE || type.trim() === PROTOBUF_TYPE) return type.trim();
  throw new Refusal(415, `The content type must be ${PROTOBUF_TYPE} or ${JSON_TYPE}.`);
}

function documentIn(body: Buffer, type: string, kind: 'traces' | 'logs'): unknown {
  if (type === JSON_TYPE) return parseOtlpBody(body);
  try {
    return decodeOtlp(kind, body);
  } catch {
    throw new Refusal(400, 'The body is not an OTLP request.');
  }
}

/** What changed after a page's revision, oldest changes first. The next answer has what does not fit. */
function changesAfter({ traces, dropped, revision: newest }: SpanStore, known: number): TraceChanges {
  // A page with a higher revision got that from an earlier run of the command, before the clock was set back.
  const after = known > newest ? 0 : known;
  const revisionOf = ({ traceId, spanId }: ViewedSpan): number =>
    traces.get(traceId)?.revisions.get(spanId) ?? 0;
  const found = [...traces.values()]
    .filter((trace) => trace.revision > after)
    .flatMap((trace) => [...trace.spans.values()].filter((span) => revisionOf(span) > after))
    .sort((a, b) => revisionOf(a) - revisionOf(b));
  const spans: ViewedSpan[] = [];
  let [revision, length] = [newest, 0];
  for (const span of found) {
    if (length > ANSWER_LENGTH) break;
    length += JSON.stringify(span).length;
    revision = revisionOf(span);
    spans.push(span);
  }
  const all = Array.from(traces, ([id, { arrived, omitted }]) => ({ id, arrived, omitted }));
  const hasMore = spans.length < found.length;
  return { revision: hasMore ? revision : newest, hasMore, dropped, traces: all, spans };
}

function sendPage(response: ServerResponse): void {
  const { html, policy } = livePageDocument();
  send(response, 200, 'text/html; charset=utf-8', html, { 'content-security-policy': policy });
}

function refuse(request: IncomingMessage, response: ServerResponse, { status, message }: Refusal): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // Read the rest of the request, so that a client that is still sending gets the answer.
  request.resume();
  const retry = status === 503 ? { 'retry-after': '1' } : {};
  send(response, status, 'text/plain; charset=utf-8', `${message}\n`, retry);
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  more: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...ANSWER_HEADERS, 'content-type': type, ...more });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Why a request must not be answered. A web page can make a browser send requests to this machine: directly, which
 * `Origin` and `Sec-Fetch-Site` reveal, or through a domain name that its owner points to this machine (DNS rebinding),
 * which `Host` reveals.
 *
 * @returns `undefined` if the request may be answered
 */
function accessProblem(headers: IncomingHttpHeaders): string | undefined {
  const { host = '', origin } = headers;
  if (!LOOPBACK_NAMES.has(host.replace(/:\d+$/, '').toLowerCase()))
    return 'This server answers only at localhost, 127.0.0.1 and [::1].';
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`)
    return 'This server rejects requests from other web pages.';
  const site = headers['sec-fetch-site'];
  // Following a link to this page from another page is a navigation. It does not let the other page see the answer.
  const isVisit = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if (typeof site === 'string' && !/^(?:same-origin|none)$/.test(site) && !isVisit)
    return 'This server rejects requests from other web pages.';
  return undefined;
}

/** A secret known only to the user who sees the command's output. Other users of the machine reach the port, too. */
export function newToken(): string {
  return randomBytes(16).toString('hex');
}

function matchesToken(given: string, token: string): boolean {
  const [one, other] = [given, token].map((text) => Buffer.from(text));
  return one !== undefined && other?.length === one.length && timingSafeEqual(one, other);
}
