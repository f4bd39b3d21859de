/** Prints the trees of a program without OpenTelemetry: loads the API, then the package's `register`. */
import './api.mjs';

process.env.OTEL_TRACES_EXPORTER ??= 'console';
await import('opentelemetry-instrumentation-openai/register');
