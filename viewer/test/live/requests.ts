import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { type TraceLists, TraceStore } from '../../src/trace-store.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Sent {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

/** Sends a request with exactly these headers, which `fetch` would not. */
export function send(address: string, { method = 'GET', headers = {}, body }: Sent = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(address, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      const { statusCode: status = 0, headers: answered } = response;
      response.on('end', () => resolve({ status, headers: answered, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Asks for what the page asks for, with the token of its address. */
export function get(page: string, path: string, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
  const address = new URL(path, page);
  for (const [name, value] of new URL(page).searchParams) address.searchParams.set(name, value);
  return send(address.href, { headers });
}

/** What a page lists when it has received all of the traces. */
export async function listsOf(page: string, filter = ''): Promise<TraceLists> {
  const store = new TraceStore(true);
  for (let [after, hasMore] = [0, true]; hasMore; ) {
    const received = JSON.parse((await get(page, `/api/spans?after=${after}`)).text);
    store.receive(received);
    ({ revision: after, hasMore } = received);
  }
  return store.lists(filter);
}

/** A request of OTLP with these spans. */
export function otlp(...spans: readonly object[]): string {
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

/** A request of OTLP with these log records. */
export function otlpLogs(...logRecords: readonly unknown[]): string {
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
}

/** The log record of an evaluation of a span. */
export function evaluationOf(
  traceId: string,
  spanId: string,
  attributes: object = { name: 'helpful' },
): object {
  return {
    traceId,
    spanId,
    eventName: 'gen_ai.evaluation.result',
    attributes: Object.entries(attributes).map(([name, value]) => ({
      key: `gen_ai.evaluation.${name}`,
      value: typeof value === 'number' ? { doubleValue: value } : { stringValue: value },
    })),
  };
}

export function post(
  address: string,
  body: string | Uint8Array,
  headers: OutgoingHttpHeaders = {},
): Promise<Answer> {
  return send(address, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
}
