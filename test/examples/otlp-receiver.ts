import { createRequire } from 'node:module';
import type { FinishedSpan } from '../../src/testing.ts';

/** A real OTLP/gRPC endpoint on a free port, and the spans that it received. */
export interface Receiver {
  readonly url: string;
  /** In order of arrival. */
  spans(): FinishedSpan[];
  close(): Promise<void>;
}

/** A 64 bit number, as the protocol buffers are read. */
interface Long {
  readonly low: number;
  readonly high: number;
}

interface ReceivedAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** What is read of a span of the protocol. */
interface ReceivedSpan {
  readonly traceId: Buffer;
  readonly spanId: Buffer;
  readonly parentSpanId?: Buffer;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: Long;
  readonly endTimeUnixNano: Long;
  /** Missing where there are none. */
  readonly attributes?: readonly ReceivedAttribute[];
  readonly status: { readonly code: number };
}

interface ReceivedTraces {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly ReceivedSpan[] }[];
  }[];
}

interface MockServer {
  readonly grpcUrl: URL;
  start(): Promise<void>;
  close(): Promise<void>;
}

interface MockServerOptions {
  readonly services: readonly string[];
  readonly grpcPort: number;
  readonly grpcHostname: string;
  readonly logLevel: string;
  readonly onTrace: (traces: ReceivedTraces) => void;
}

/** The package has no types of its own. */
const { MockOtlpServer } = createRequire(import.meta.url)('@elastic/mockotlpserver') as {
  MockOtlpServer: new (options: MockServerOptions) => MockServer;
};

export async function startReceiver(): Promise<Receiver> {
  const received: ReceivedSpan[] = [];
  const server = new MockOtlpServer({
    services: ['grpc'],
    grpcPort: 0,
    grpcHostname: '127.0.0.1',
    logLevel: 'warn',
    onTrace: ({ resourceSpans }) => {
      for (const { scopeSpans } of resourceSpans) for (const { spans } of scopeSpans) received.push(...spans);
    },
  });
  await server.start();
  return {
    url: server.grpcUrl.href,
    spans: () => received.map(finishedSpan),
    close: () => server.close(),
  };
}

function finishedSpan(span: ReceivedSpan): FinishedSpan {
  const attributes = span.attributes ?? [];
  const parent = span.parentSpanId?.toString('hex') ?? '';
  const ids = { traceId: span.traceId.toString('hex'), spanId: span.spanId.toString('hex') };
  return {
    name: span.name,
    // The protocol counts from one: zero is a kind that was not given.
    kind: span.kind - 1,
    startTime: timeOf(span.startTimeUnixNano),
    endTime: timeOf(span.endTimeUnixNano),
    status: { code: span.status.code },
    attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, attributeValue(value)])),
    parentSpanContext: parent === '' ? undefined : { spanId: parent },
    spanContext: () => ids,
  };
}

function timeOf(nanoseconds: Long): [seconds: number, nanoseconds: number] {
  const all = bigintOf(nanoseconds);
  return [Number(all / 1_000_000_000n), Number(all % 1_000_000_000n)];
}

function bigintOf({ low, high }: Long): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

/** A value has one field, named after its type. */
function attributeValue(value: Readonly<Record<string, unknown>>): unknown {
  const [type, content] = Object.entries(value)[0] ?? [];
  if (type === 'intValue') return Number(bigintOf(content as Long));
  if (type !== 'arrayValue') return content;
  return (content as { values: readonly Readonly<Record<string, unknown>>[] }).values.map(attributeValue);
}
