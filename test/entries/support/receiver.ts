import { createRequire } from 'node:module';
import { afterAll, beforeAll } from 'vitest';

/** A real OTLP receiver on free ports, and the names of what it was sent. */
export interface Receiver {
  readonly httpUrl: string;
  readonly grpcUrl: string;
  readonly spans: string[];
  readonly metrics: string[];
  /** The paths or methods that were called. */
  readonly requests: string[];
}

interface Named {
  readonly name: string;
}
interface Trace {
  readonly resourceSpans?: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly Named[] }[];
  }[];
}
interface Metrics {
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly Named[] }[];
  }[];
}
interface MockOtlpServer {
  readonly httpUrl: { readonly href: string };
  readonly grpcUrl: { readonly href: string };
  start(): Promise<void>;
  close(): Promise<void>;
}
interface Library {
  readonly MockOtlpServer: new (options: object) => MockOtlpServer;
}

/** A receiver for each group of tests, emptied by whoever looks at it. */
export function useReceiver(): () => Receiver {
  let receiver: (Receiver & { close(): Promise<void> }) | undefined;
  beforeAll(async () => {
    receiver = await startReceiver();
  });
  afterAll(async () => {
    await receiver?.close();
  });
  return () => {
    if (receiver === undefined) throw new Error('The receiver is not running.');
    for (const received of [receiver.spans, receiver.metrics, receiver.requests]) received.length = 0;
    return receiver;
  };
}

async function startReceiver(): Promise<Receiver & { close(): Promise<void> }> {
  const { MockOtlpServer }: Library = createRequire(import.meta.url)('@elastic/mockotlpserver');
  const spans: string[] = [];
  const metrics: string[] = [];
  const requests: string[] = [];
  const server = new MockOtlpServer({
    services: ['http', 'grpc'],
    httpHostname: '127.0.0.1',
    httpPort: 0,
    grpcHostname: '127.0.0.1',
    grpcPort: 0,
    logLevel: 'warn',
    onTrace: ({ resourceSpans = [] }: Trace) => {
      const scopes = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
      spans.push(...scopes.flatMap((scope) => scope.spans.map(({ name }) => name)));
    },
    onMetrics: ({ resourceMetrics = [] }: Metrics) => {
      const scopes = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics);
      metrics.push(...scopes.flatMap((scope) => scope.metrics.map(({ name }) => name)));
    },
    onRequest: (request: { readonly url?: string; readonly path?: string; readonly method?: string }) => {
      requests.push(request.url ?? request.path ?? request.method ?? '');
    },
  });
  await server.start();
  const close = async (): Promise<void> => server.close();
  return { httpUrl: server.httpUrl.href, grpcUrl: server.grpcUrl.href, spans, metrics, requests, close };
}
