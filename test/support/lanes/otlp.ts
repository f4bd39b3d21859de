import { createRequire } from 'node:module';
import type { FinishedSpan } from '../../../src/testing.ts';

/** A real OTLP receiver, and what it was sent. */
export interface OtlpReceiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly spans: readonly FinishedSpan[];
  close(): Promise<void>;
}

interface MockOtlpServer {
  readonly grpcUrl: { readonly href: string };
  start(): Promise<void>;
  close(): Promise<void>;
}

interface Library {
  readonly MockOtlpServer: new (options: object) => MockOtlpServer;
}

type Attributes = readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];

interface Trace {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly traceId: Uint8Array;
        readonly spanId: Uint8Array;
        readonly parentSpanId?: Uint8Array;
        readonly name: string;
        /** One more than `SpanKind`: 0 stands for none. */
        readonly kind: number;
        readonly startTimeUnixNano: { toString(): string };
        readonly endTimeUnixNano: { toString(): string };
        readonly attributes?: Attributes;
        readonly status?: { readonly code?: number };
      }[];
    }[];
  }[];
}

type ReceivedSpan = Trace['resourceSpans'][number]['scopeSpans'][number]['spans'][number];

/** Starts a receiver for OTLP over gRPC on a free port. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const library: Library = createRequire(import.meta.url)('@elastic/mockotlpserver');
  const spans: FinishedSpan[] = [];
  const server = new library.MockOtlpServer({
    services: ['grpc'],
    grpcHostname: '127.0.0.1',
    grpcPort: 0,
    logLevel: 'warn',
    onTrace: ({ resourceSpans }: Trace) => {
      const received = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
      spans.push(...received.map(readSpan));
    },
  });
  await server.start();
  return { url: server.grpcUrl.href, spans, close: () => server.close() };
}

function readSpan(span: ReceivedSpan): FinishedSpan {
  const { name, attributes = [], status } = span;
  const parentId = hex(span.parentSpanId);
  const context = { traceId: hex(span.traceId), spanId: hex(span.spanId) };
  return {
    name,
    kind: span.kind - 1,
    startTime: readTime(span.startTimeUnixNano),
    endTime: readTime(span.endTimeUnixNano),
    status: { code: status?.code ?? 0 },
    attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, readValue(value)])),
    parentSpanContext: parentId === '' ? undefined : { spanId: parentId },
    spanContext: () => context,
  };
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}

function readTime(nanoseconds: { toString(): string }): [seconds: number, nanoseconds: number] {
  const time = BigInt(nanoseconds.toString());
  return [Number(time / 1_000_000_000n), Number(time % 1_000_000_000n)];
}

function readValue(value: Readonly<Record<string, unknown>>): unknown {
  const { stringValue, boolValue, intValue, doubleValue, arrayValue } = value;
  if (arrayValue !== undefined && arrayValue !== null)
    return (arrayValue as { values: Readonly<Record<string, unknown>>[] }).values.map(readValue);
  return stringValue ?? boolValue ?? doubleValue ?? Number(String(intValue));
}
