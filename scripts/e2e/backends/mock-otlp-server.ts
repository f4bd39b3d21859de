import { createRequire } from 'node:module';
import type { Backend } from '../backend.ts';
import { pointsOf, spansOf } from '../otlp.ts';
import type { StoredPoint, StoredSpan } from '../sent.ts';

interface MockServer {
  readonly grpcUrl: URL;
  readonly httpUrl: URL;
  start(): Promise<void>;
  close(): Promise<void>;
}

interface MockServerOptions {
  readonly services: readonly string[];
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly grpcHostname: string;
  readonly httpHostname: string;
  readonly logLevel: string;
  readonly onTrace: (request: unknown) => void;
  readonly onMetrics: (request: unknown) => void;
}

const require = createRequire(import.meta.url);
/** The package has no types of its own. */
const { MockOtlpServer } = require('@elastic/mockotlpserver') as {
  readonly MockOtlpServer: new (options: MockServerOptions) => MockServer;
};
const { version } = require('@elastic/mockotlpserver/package.json') as { readonly version: string };

/** Receives and keeps everything. It is a development dependency, so it is always available. */
export const mockOtlpServer: Backend = {
  name: '@elastic/mockotlpserver',
  version,
  protocols: ['grpc', 'http'],
  install: () => Promise.resolve(''),
  start: async () => {
    const spans: StoredSpan[] = [];
    const points: StoredPoint[] = [];
    const server = new MockOtlpServer({
      services: ['grpc', 'http'],
      grpcPort: 0,
      httpPort: 0,
      grpcHostname: '127.0.0.1',
      httpHostname: '127.0.0.1',
      logLevel: 'warn',
      onTrace: (request) => spans.push(...spansOf(request)),
      onMetrics: (request) => points.push(...pointsOf(request)),
    });
    await server.start();
    return {
      environment: (protocol) => {
        const { href } = protocol === 'grpc' ? server.grpcUrl : server.httpUrl;
        return { OTEL_EXPORTER_OTLP_ENDPOINT: href };
      },
      readSpans: (id) => Promise.resolve(spans.filter(({ traceId }) => traceId === id)),
      readPoints: (name) => Promise.resolve(points.filter(({ metric }) => metric === name)),
      stop: () => server.close(),
    };
  },
};
