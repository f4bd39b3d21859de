import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backend } from '../backend.ts';
import { promQueries, readDashboard } from '../dashboard.ts';
import { installFromGo } from '../install.ts';
import { querySums } from '../prometheus-api.ts';
import { dataDirectory, freePorts, getJson, startServer } from '../server.ts';

/** Prometheus: keeps metrics. It takes OTLP over HTTP where its receiver is switched on. */
export const prometheus: Backend = {
  name: 'Prometheus',
  version: '3.15.0',
  protocols: ['http'],
  install: () =>
    installFromGo({
      name: 'prometheus',
      module: 'github.com/prometheus/prometheus',
      version: 'v0.315.0',
      package: './cmd/prometheus',
      // What finds services to scrape in clouds is most of the program, and not needed.
      tags: 'remove_all_sd',
    }),
  start: async (command) => {
    const directory = await dataDirectory('prometheus');
    const [port] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const settings = join(directory, 'prometheus.yml');
    await writeFile(settings, 'global: {}\n');
    const stop = await startServer({
      command,
      parameters: [
        ...[`--config.file=${settings}`, `--storage.tsdb.path=${join(directory, 'data')}`],
        ...[`--web.listen-address=127.0.0.1:${port}`, '--web.enable-otlp-receiver'],
      ],
      directory,
      ready: `${url}/-/ready`,
    });
    return {
      environment: () => ({
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/api/v1/otlp/v1/metrics`,
        OTEL_TRACES_EXPORTER: 'none',
      }),
      readPoints: (metric, unit) => querySums(url, metric, unit),
      // It understands what the example's dashboard asks.
      check: async () => {
        for (const query of promQueries(readDashboard())) {
          await getJson(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
        }
      },
      stop,
    };
  },
};
