import { type ProxyTracerProvider, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor, type TracerProvider } from '@opentelemetry/sdk-trace';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { instrumentAgents } from 'opentelemetry-instrumentation-openai/agents';
import { consoleTree, htmlPage, viewing } from 'opentelemetry-instrumentation-openai/export';
import type { Options } from './options.ts';
import { OtlpDelivery } from './otlp-delivery.ts';

/** The page that the demo writes. */
export const PAGE = 'math-tutor.html';

export interface Telemetry {
  /** The exporter to an OTLP endpoint, with the option `otlp`. */
  readonly delivery: OtlpDelivery | undefined;
  /** The address of the live page, with the option `live`. */
  readonly live: string | undefined;
  /** Prints and sends the traces that are complete. */
  flush(): Promise<void>;
  /** Prints and sends all traces that are left. */
  shutdown(): Promise<void>;
}

/**
 * Sets OpenTelemetry up as any program does. `OpenAIInstrumentation` is all that traces need; `consoleTree()` and
 * `htmlPage()` show them.
 */
export function startTelemetry(options: Options): Telemetry {
  const { content, summary } = options;
  // By default, OpenTelemetry does not log its problems.
  process.env.OTEL_LOG_LEVEL ??= 'warn';
  const delivery = options.otlp ? new OtlpDelivery(new GrpcExporter(), 'http://localhost:4317') : undefined;
  const views = [consoleTree({ stream: process.stdout, summary, steps: summary }), htmlPage(PAGE)];
  // `viewing` adds the exporter that this variable asks for, which also shows the live page what is in progress.
  if (options.live) process.env.OTEL_EXPORTER_OTLP_ENDPOINT ||= 'http://localhost:4318';
  const live = options.live ? process.env.OTEL_EXPORTER_OTLP_ENDPOINT : undefined;
  const sdk = new NodeSDK({
    serviceName: 'math-tutor',
    instrumentations: [
      new OpenAIInstrumentation({
        ...((content || options.live) && { captureMessageContent: 'SPAN_ONLY' }),
        // A real program needs no such row: the simulated server stands in for OpenAI, and sockets do not show that.
        providers: [{ host: '127.0.0.1', provider: 'openai' }],
      }),
    ],
    spanProcessors: [
      ...(options.live ? viewing(...views) : views),
      ...(delivery === undefined ? [] : [new BatchSpanProcessor({ exporter: delivery })]),
    ],
    // The demo shows only traces. Without these two lines, NodeSDK would send metrics and logs to an OTLP endpoint.
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  // Needed only with `--agents`.
  instrumentAgents();
  // `viewing` prints what it could not send. The demo goes on, and says so at its end.
  const goOn = (): undefined => undefined;
  return { delivery, live, flush: () => flush().catch(goOn), shutdown: () => sdk.shutdown().catch(goOn) };
}

/** `NodeSDK` has no `flush`, but the provider that it has registered does. */
async function flush(): Promise<void> {
  const provider = (trace.getTracerProvider() as ProxyTracerProvider).getDelegate() as TracerProvider;
  await provider.forceFlush();
}
