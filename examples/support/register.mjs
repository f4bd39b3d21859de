/** Prints the trees of a program that has no OpenTelemetry of its own: the API, then what the package has for that. */
import './api.mjs';

process.env.OTEL_TRACES_EXPORTER ??= 'console';
await import('opentelemetry-instrumentation-openai/register');
