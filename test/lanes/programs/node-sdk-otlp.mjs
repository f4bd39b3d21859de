// The endpoint comes from the environment: OTEL_EXPORTER_OTLP_ENDPOINT.
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';

const sdk = new NodeSDK({
  instrumentations: [new OpenAIInstrumentation()],
  traceExporter: new OTLPTraceExporter(),
});
sdk.start();
process.once('beforeExit', () => sdk.shutdown());
