import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../../../test/support/lanes/paths.ts';
import type { Backend } from '../backend.ts';
import { checkQueries } from '../fleet/check.ts';
import { installFromGo } from '../install.ts';
import { querySums } from '../prometheus-api.ts';
import { dataDirectory, freePorts, startServer } from '../server.ts';

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

/** Prometheus, which stores metrics. It receives OTLP over HTTP if its receiver is switched on. */
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
      // Leaves out service discovery in clouds, which is most of the program.
      tags: 'remove_all_sd',
    }),
  start: async (command) => {
    const { url, stop } = await startPrometheus(command);
    return {
      environment: () => ({
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/api/v1/otlp/v1/metrics`,
        OTEL_TRACES_EXPORTER: 'none',
      }),
      readPoints: (metric, unit) => querySums(url, metric, unit),
      check: async () => {
        // Its own server, because the fleet's past comes before what this one has received.
        const server = await startPrometheus(command);
        try {
          return `${await checkQueries(server.url)} queries with the right numbers`;
        } finally {
          await server.stop();
        }
      },
      stop,
    };
  },
};

/** Starts it with the settings and rules that the package ships, and the flags of the example. */
export async function startPrometheus(command: string): Promise<Server> {
  const directory = await dataDirectory('prometheus');
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const stop = await startServer({
    command,
    parameters: [
      `--config.file=${join(ROOT, 'ops', 'prometheus', 'prometheus.yaml')}`,
      ...(await flagsOfExample()),
      ...[`--storage.tsdb.path=${join(directory, 'data')}`, `--web.listen-address=127.0.0.1:${port}`],
    ],
    directory,
    ready: `${url}/-/ready`,
  });
  return { url, stop };
}

async function flagsOfExample(): Promise<string[]> {
  const compose = join(ROOT, 'examples', 'backends', 'grafana', 'compose.yaml');
  const { services } = parse(await readFile(compose, 'utf8'));
  const { command } = services.prometheus as { readonly command: readonly string[] };
  return command.filter((flag) => !flag.startsWith('--config.file'));
}
