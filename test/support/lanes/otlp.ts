import { createRequire } from 'node:module';
import type { FinishedSpan } from '../../../src/testing.ts';

/** A real OTLP receiver, and what it was sent, in order of arrival. */
export interface OtlpReceiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`, over gRPC. */
  readonly url: string;
  /** The same over HTTP. */
  readonly httpUrl: string;
  readonly spans: readonly ReceivedSpan[];
  readonly metrics: readonly ReceivedPoint[];
  /** The names of the spans and metrics, and the paths or methods that were called. */
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
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

/** A point of a metric. */
export interface ReceivedPoint {
  readonly service: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** How often it was measured; for a counter, nothing. */
  readonly count: number | undefined;
  readonly sum: number;
}

interface MockOtlpServer {
  readonly grpcUrl: { readonly href: string };
  readonly httpUrl: { readonly href: string };
  start(): Promise<void>;
  close(): Promise<void>;
}

interface Library {
  readonly MockOtlpServer: new (options: object) => MockOtlpServer;
}

/** Missing where there are none. */
type Attributes =
  | readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[]
  | undefined;

interface Ids {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
}

interface SpanMessage extends Ids {
  readonly parentSpanId?: Uint8Array;
  readonly name: string;
  /** One more than `SpanKind`: 0 means none. */
  readonly kind: number;
  readonly startTimeUnixNano: { toString(): string };
  readonly endTimeUnixNano: { toString(): string };
  readonly attributes?: Attributes;
  readonly status?: { readonly code?: number };
  readonly events?: readonly { readonly name: string; readonly attributes?: Attributes }[];
  readonly links?: readonly Ids[];
}

interface PointMessage {
  readonly attributes?: Attributes;
  readonly count?: { toString(): string };
  readonly sum?: number;
  readonly asDouble?: number;
  readonly asInt?: { toString(): string };
}

interface MetricMessage {
  readonly name: string;
  readonly histogram?: { readonly dataPoints?: readonly PointMessage[] };
  readonly sum?: { readonly dataPoints?: readonly PointMessage[] };
}

interface ResourceMessage {
  readonly resource?: { readonly attributes?: Attributes };
}

interface TraceMessage {
  readonly resourceSpans?: readonly (ResourceMessage & {
    readonly scopeSpans: readonly {
      readonly scope?: { readonly name?: string };
      readonly spans: readonly SpanMessage[];
    }[];
  })[];
}

interface MetricsMessage {
  readonly resourceMetrics?: readonly (ResourceMessage & {
    readonly scopeMetrics: readonly { readonly metrics: readonly MetricMessage[] }[];
  })[];
}

/** Starts a receiver for OTLP over gRPC and HTTP on free ports. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const library: Library = createRequire(import.meta.url)('@elastic/mockotlpserver');
  const spans: ReceivedSpan[] = [];
  const metrics: ReceivedPoint[] = [];
  const received = { spans: [] as string[], metrics: [] as string[], requests: [] as string[] };
  const namesOf = (messages: readonly { readonly name: string }[]): string[] =>
    messages.map(({ name }) => name);
  const server = new library.MockOtlpServer({
    services: ['grpc', 'http'],
    grpcHostname: '127.0.0.1',
    grpcPort: 0,
    httpHostname: '127.0.0.1',
    httpPort: 0,
    logLevel: 'warn',
    onTrace: ({ resourceSpans = [] }: TraceMessage) => {
      for (const { resource, scopeSpans } of resourceSpans)
        for (const { scope, spans: messages } of scopeSpans) {
          received.spans.push(...namesOf(messages));
          spans.push(...messages.map((message) => readSpan(message, serviceOf(resource), scope?.name ?? '')));
        }
    },
    onMetrics: ({ resourceMetrics = [] }: MetricsMessage) => {
      for (const { resource, scopeMetrics } of resourceMetrics)
        for (const { metrics: messages } of scopeMetrics) {
          received.metrics.push(...namesOf(messages));
          metrics.push(...messages.flatMap((message) => readPoints(message, serviceOf(resource))));
        }
    },
    onRequest: ({ url, path, method }: Readonly<Record<string, string | undefined>>) =>
      void received.requests.push(url ?? path ?? method ?? ''),
  });
  await server.start();
  const [url, httpUrl] = [server.grpcUrl.href, server.httpUrl.href];
  return { url, httpUrl, spans, metrics, received, close: () => server.close() };
}

function serviceOf(resource: ResourceMessage['resource']): string {
  return String(readAttributes(resource?.attributes)['service.name'] ?? '');
}

function readSpan(span: SpanMessage, service: string, scope: string): ReceivedSpan {
  const parentId = hex(span.parentSpanId);
  const context = readIds(span);
  return {
    name: span.name,
    kind: span.kind - 1,
    startTime: readTime(span.startTimeUnixNano),
    endTime: readTime(span.endTimeUnixNano),
    status: { code: span.status?.code ?? 0 },
    attributes: readAttributes(span.attributes),
    parentSpanContext: parentId === '' ? undefined : { spanId: parentId },
    spanContext: () => context,
    service,
    scope,
    events: (span.events ?? []).map(({ name, attributes }) => ({
      name,
      attributes: readAttributes(attributes),
    })),
    links: (span.links ?? []).map(readIds),
  };
}

function readPoints({ name, histogram, sum }: MetricMessage, service: string): ReceivedPoint[] {
  return [...(histogram?.dataPoints ?? []), ...(sum?.dataPoints ?? [])].map((point) => ({
    service,
    name,
    attributes: readAttributes(point.attributes),
    count: point.count === undefined ? undefined : Number(String(point.count)),
    sum: point.sum ?? point.asDouble ?? Number(String(point.asInt)),
  }));
}

function readIds({ traceId, spanId }: Ids): { traceId: string; spanId: string } {
  return { traceId: hex(traceId), spanId: hex(spanId) };
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}

function readTime(nanoseconds: { toString(): string }): [seconds: number, nanoseconds: number] {
  const time = BigInt(nanoseconds.toString());
  return [Number(time / 1_000_000_000n), Number(time % 1_000_000_000n)];
}

function readAttributes(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries((attributes ?? []).map(({ key, value }) => [key, readValue(value)]));
}

function readValue(value: Readonly<Record<string, unknown>>): unknown {
  const { stringValue, boolValue, intValue, doubleValue, arrayValue } = value;
  if (arrayValue !== undefined && arrayValue !== null)
    return (arrayValue as { values: Readonly<Record<string, unknown>>[] }).values.map(readValue);
  return stringValue ?? boolValue ?? doubleValue ?? Number(String(intValue));
}
