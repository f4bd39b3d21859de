import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a receiver treats one request for spans. */
export type Treatment =
  /** Takes the spans. */
  | 'take'
  /** Never answers. */
  | 'stall'
  /** Ends the connection before it answers. */
  | 'cut'
  /** Ends the connection in the middle of its answer. */
  | 'cut the answer'
  /** Takes the spans, and answers what is no JSON. */
  | 'garbage'
  /** An HTTP status. */
  | number;

/** An OTLP receiver on a free port that counts what it takes, and may treat any request badly. */
export interface Receiver {
  /** For the exporter's `url`. */
  readonly url: string;
  /** Spans that it has taken. */
  readonly taken: number;
  readonly requests: number;
  /** Refuses connections from now on. */
  close(): Promise<void>;
}

export async function startReceiver(treat: (request: number) => Treatment = () => 'take'): Promise<Receiver> {
  let taken = 0;
  let requests = 0;
  const server = createServer(async (incoming, response) => {
    const treatment = treat(requests++);
    const spans = countSpans(await readBody(incoming).catch(() => ''));
    if (treatment === 'take' || treatment === 'garbage') taken += spans;
    answer(treatment, incoming, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    get taken() {
      return taken;
    },
    get requests() {
      return requests;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(treatment: Treatment, { socket }: IncomingMessage, response: ServerResponse): void {
  if (treatment === 'stall') return;
  if (treatment === 'cut') return void socket.destroy();
  if (treatment === 'cut the answer') {
    response.writeHead(500, { 'content-length': '100' });
    response.write('{"partial', () => socket.destroy());
    return;
  }
  const status = typeof treatment === 'number' ? treatment : 200;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(treatment === 'garbage' ? '<html>' : '{}');
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

interface Traces {
  readonly resourceSpans?: readonly {
    readonly scopeSpans?: readonly { readonly spans?: readonly unknown[] }[];
  }[];
}

function countSpans(json: string): number {
  const { resourceSpans = [] } = (json === '' ? {} : JSON.parse(json)) as Traces;
  return resourceSpans
    .flatMap(({ scopeSpans = [] }) => scopeSpans)
    .reduce((sum, { spans = [] }) => sum + spans.length, 0);
}
