// Loaded before the bundle, which does not contain this file.
import { trace } from '@opentelemetry/api';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { ConsoleTreeExporter } from 'opentelemetry-instrumentation-openai/export';

trace.setGlobalTracerProvider(
  new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: new ConsoleTreeExporter() })] }),
);
new OpenAIInstrumentation();
