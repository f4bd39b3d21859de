import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backend } from '../backend.ts';
import { installFromGo } from '../install.ts';
import { spansOf } from '../otlp.ts';
import { dataDirectory, freePorts, getJson, startServer } from '../server.ts';

/** Jaeger 2, which stores traces. The Go module does not contain Jaeger's page, so there is no screenshot. */
export const jaeger: Backend = {
  name: 'Jaeger',
  version: '2.13.0',
  protocols: ['grpc', 'http'],
  install: () =>
    installFromGo({
      name: 'jaeger',
      module: 'github.com/jaegertracing/jaeger',
      // This Go module contains Jaeger 1 and Jaeger 2.
      version: 'v1.76.0',
      package: './cmd/jaeger',
    }),
  start: async (command) => {
    const directory = await dataDirectory('jaeger');
    const ports = await freePorts(5);
    const [grpc, http, query] = ports;
    const settings = join(directory, 'jaeger.yaml');
    await writeFile(settings, settingsOf(ports));
    const stop = await startServer({
      command,
      parameters: ['--config', settings],
      directory,
      ready: `http://127.0.0.1:${query}/api/services`,
    });
    return {
      environment: (protocol) => ({
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${protocol === 'grpc' ? grpc : http}`,
        OTEL_METRICS_EXPORTER: 'none',
      }),
      readSpans: async (traceId) => {
        const answer = await getJson(`http://127.0.0.1:${query}/api/v3/traces/${traceId}`);
        return spansOf((answer as { readonly result: unknown }).result);
      },
      stop,
    };
  },
};

/** Settings that keep everything in memory and use free ports. */
function settingsOf([grpc, http, query, queryGrpc, telemetry]: readonly number[]): string {
  return `
service:
  extensions: [jaeger_storage, jaeger_query]
  telemetry:
    metrics:
      readers: [{ pull: { exporter: { prometheus: { host: 127.0.0.1, port: ${telemetry} } } } }]
  pipelines:
    traces: { receivers: [otlp], exporters: [jaeger_storage_exporter] }
extensions:
  jaeger_query:
    storage: { traces: memory }
    http: { endpoint: '127.0.0.1:${query}' }
    grpc: { endpoint: '127.0.0.1:${queryGrpc}' }
  jaeger_storage:
    backends: { memory: { memory: { max_traces: 1000 } } }
receivers:
  otlp:
    protocols:
      grpc: { endpoint: '127.0.0.1:${grpc}' }
      http: { endpoint: '127.0.0.1:${http}' }
exporters:
  jaeger_storage_exporter: { trace_storage: memory }
`;
}
