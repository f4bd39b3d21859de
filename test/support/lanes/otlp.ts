import { createRequire } from 'node:module';
import { attributesOf, fieldOf, listOf, numberOf, pointsOf, spanOf } from '../../../scripts/e2e/otlp.ts';
import type { StoredPoint } from '../../../scripts/e2e/sent.ts';
import type { FinishedSpan } from '../../../src/testing.ts';

/** A real OTLP receiver, and what it was sent, in order of arrival. */
export interface OtlpReceiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`, over gRPC. */
  readonly url: string;
  /** The same over HTTP. */
  readonly httpUrl: string;
  readonly spans: readonly ReceivedSpan[];
  readonly metrics: readonly StoredPoint[];
  /** The names of the spans and of the metrics of each point, and the paths or methods that were called. */
  readonly received: Readonly<Record<'spans' | 'metrics' | 'requests', string[]>>;
  close(): Promise<void>;
}

/** A span, with its origin. */
export interface ReceivedSpan extends FinishedSpan {
  /** `service.name` of its resource. */
  readonly service: string;
  /** The instrumentation that made it. */
  readonly scope: string;
  readonly events: readonly { readonly name: string; readonly attributes: Record<string, unknown> }[];
  readonly links: readonly unknown[];
}

/** A request over HTTP, or a call over gRPC with its metadata. */
interface OtlpRequest {
  readonly url?: string;
  readonly path?: string;
  readonly method?: string;
  readonly metadata?: { get(name: string): unknown[] };
}

/** The package has no types of its own. */
interface Library {
  readonly MockOtlpServer: new (
    options: object,
  ) => {
    readonly grpcUrl: URL;
    readonly httpUrl: URL;
    start(): Promise<void>;
    close(): Promise<void>;
  };
}

/**
 * Starts a receiver for OTLP over gRPC and HTTP on free ports.
 *
 * @param see called with each request
 */
export async function startOtlpReceiver(
  see: (request: OtlpRequest) => void = () => undefined,
): Promise<OtlpReceiver> {
  const library: Library = createRequire(import.meta.url)('@elastic/mockotlpserver');
  const spans: ReceivedSpan[] = [];
  const metrics: StoredPoint[] = [];
  const received = { spans: [] as string[], metrics: [] as string[], requests: [] as string[] };
  const server = new library.MockOtlpServer({
    services: ['grpc', 'http'],
    grpcHostname: '127.0.0.1',
    grpcPort: 0,
    httpHostname: '127.0.0.1',
    httpPort: 0,
    logLevel: 'warn',
    onTrace: (message: unknown) => {
      const found = readSpans(message);
      spans.push(...found);
      received.spans.push(...found.map(({ name }) => name));
    },
    onMetrics: (message: unknown) => {
      const found = pointsOf(message);
      metrics.push(...found);
      received.metrics.push(...found.map(({ metric }) => metric));
    },
    onRequest: (request: OtlpRequest) => {
      received.requests.push(request.url ?? request.path ?? request.method ?? '');
      see(request);
    },
  });
  await server.start();
  const [url, httpUrl] = [server.grpcUrl.href, server.httpUrl.href];
  return { url, httpUrl, spans, metrics, received, close: () => server.close() };
}

function readSpans(message: unknown): ReceivedSpan[] {
  return listOf(message, 'resourceSpans').flatMap((resource) => {
    const service = String(attributesOf(fieldOf(resource, 'resource'))['service.name'] ?? '');
    return listOf(resource, 'scopeSpans').flatMap((scopeSpans) => {
      const scope = String(fieldOf(fieldOf(scopeSpans, 'scope'), 'name') ?? '');
      return listOf(scopeSpans, 'spans').map((span) => ({ ...readSpan(span), service, scope }));
    });
  });
}

function readSpan(span: unknown): Omit<ReceivedSpan, 'service' | 'scope'> {
  const { traceId, spanId, parentSpanId, ...rest } = spanOf(span);
  return {
    ...rest,
    kind: numberOf(fieldOf(span, 'kind')) - 1,
    status: { code: numberOf(fieldOf(fieldOf(span, 'status'), 'code') ?? 0) },
    parentSpanContext: parentSpanId === '' ? undefined : { spanId: parentSpanId },
    spanContext: () => ({ traceId, spanId }),
    events: listOf(span, 'events').map((event) => ({
      name: String(fieldOf(event, 'name')),
      attributes: attributesOf(event),
    })),
    links: listOf(span, 'links'),
  };
}
