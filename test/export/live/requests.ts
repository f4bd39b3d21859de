import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import type { TraceLists } from '../../../src/export/trace-entries.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends a request with exactly these headers, which `fetch` would not. */
export function send(
  address: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: {
    readonly method?: string;
    readonly headers?: OutgoingHttpHeaders;
    readonly body?: string | Uint8Array;
  } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(address, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** What the page is told about the traces that have arrived. */
export async function listsOf(address: string, query = ''): Promise<TraceLists> {
  return JSON.parse((await send(`${address}/api/lists?${query}`)).text) as TraceLists;
}

/** A request of OTLP with these spans. */
export function otlp(...spans: readonly object[]): string {
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

export function post(
  address: string,
  body: string | Uint8Array,
  headers: OutgoingHttpHeaders = {},
): Promise<Answer> {
  return send(address, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
}
