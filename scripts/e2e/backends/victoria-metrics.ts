import { join } from 'node:path';
import type { Backend } from '../backend.ts';
import { installFromGo } from '../install.ts';
import { querySums } from '../prometheus-api.ts';
import { dataDirectory, freePorts, startServer } from '../server.ts';

/** VictoriaMetrics, which stores metrics and receives OTLP over HTTP. */
export const victoriaMetrics: Backend = {
  name: 'VictoriaMetrics',
  version: '1.112.0',
  protocols: ['http'],
  install: () =>
    installFromGo({
      name: 'victoria-metrics',
      module: 'github.com/VictoriaMetrics/VictoriaMetrics',
      version: 'v1.112.0',
      package: './app/victoria-metrics',
    }),
  start: async (command) => {
    const directory = await dataDirectory('victoria-metrics');
    const [port] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const stop = await startServer({
      command,
      parameters: [
        ...[`-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${join(directory, 'data')}`],
        // Makes names like Prometheus. Without this flag, dots stay in names.
        '-opentelemetry.usePrometheusNaming',
      ],
      directory,
      ready: `${url}/health`,
    });
    return {
      environment: () => ({
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/opentelemetry/v1/metrics`,
        OTEL_TRACES_EXPORTER: 'none',
      }),
      readPoints: (metric, unit) => querySums(url, metric, unit),
      stop,
    };
  },
};
