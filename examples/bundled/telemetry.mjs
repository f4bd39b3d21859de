// Loaded before the bundle, and not part of it.
import { trace } from '@opentelemetry/api';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { ConsoleTreeExporter } from 'opentelemetry-instrumentation-openai/export';

trace.setGlobalTracerProvider(
  new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: new ConsoleTreeExporter() })] }),
);
new OpenAIInstrumentation();
