import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { ROOT } from '../../test/support/lanes/paths.ts';
import { mockOtlpServer } from './backends/mock-otlp-server.ts';
import { dataDirectory, freePorts, startServer } from './server.ts';

const FILE = join(ROOT, 'ops', 'collector', 'mixed-fleet.yaml');
/** The milliseconds within which the spans must arrive. */
const ARRIVES_WITHIN = 30_000;
const CURRENT = 'gen_ai.usage.cache_creation.input_tokens';
const NEXT = 'gen_ai.usage.cache_write.input_tokens';
/** What a service in Node sends, one in Python, one that sends both names, and one that writes to no cache. */
const SENT: readonly Readonly<Record<string, number>>[] = [
  { [CURRENT]: 1 },
  { [NEXT]: 2 },
  { [CURRENT]: 3, [NEXT]: 3 },
  {},
];

/** Starts the Collector with the file for mixed fleets, in both directions, and checks what spans have behind it. */
export async function checkMixedFleet(collector: string): Promise<void> {
  await checkNames(collector, CURRENT, {});
  await checkNames(collector, NEXT, { KEPT_NAME: NEXT, REPLACED_NAME: CURRENT });
}

async function checkNames(
  collector: string,
  name: string,
  direction: Readonly<Record<string, string>>,
): Promise<void> {
  const backend = await mockOtlpServer.start('');
  const [grpc, http] = await freePorts(2);
  const url = `http://127.0.0.1:${http}/v1/traces`;
  try {
    const stop = await startServer({
      command: collector,
      parameters: ['--config', FILE],
      env: {
        ...direction,
        OTLP_GRPC_ENDPOINT: `127.0.0.1:${grpc}`,
        OTLP_HTTP_ENDPOINT: `127.0.0.1:${http}`,
        BACKEND_ENDPOINT: new URL(backend.environment('grpc').OTEL_EXPORTER_OTLP_ENDPOINT ?? '').host,
      },
      directory: await dataDirectory('mixed-fleet'),
      ready: url,
    });
    try {
      const traceIds = await send(url);
      const deadline = Date.now() + ARRIVES_WITHIN;
      let found: unknown[];
      do {
        await wait(200);
        const spans = await Promise.all(traceIds.map((id) => backend.readSpans?.(id)));
        found = spans.flatMap((each) => each?.map(({ attributes }) => attributes) ?? []);
      } while (found.length < SENT.length && Date.now() < deadline);
      const expected = SENT.map((sent) => {
        const value = sent[CURRENT] ?? sent[NEXT];
        return value === undefined ? {} : { [name]: value };
      });
      if (JSON.stringify(found) !== JSON.stringify(expected))
        throw new Error(`${name}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
    } finally {
      await stop();
    }
  } finally {
    await backend.stop();
  }
}

async function send(url: string): Promise<string[]> {
  const provider = new TracerProvider({
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) })],
  });
  const tracer = provider.getTracer('e2e');
  const ids = SENT.map((attributes) => {
    const span = tracer.startSpan('chat gpt-4o', { attributes });
    span.end();
    return span.spanContext().traceId;
  });
  await provider.shutdown();
  return ids;
}
