import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../../../test/support/lanes/paths.ts';
import type { Backend } from '../backend.ts';
import { promQueries, readDashboard } from '../dashboard.ts';
import { installFromGo } from '../install.ts';
import { querySums } from '../prometheus-api.ts';
import { dataDirectory, freePorts, getJson, startServer } from '../server.ts';

/** The example whose settings of Prometheus are also tried. */
const EXAMPLE = join(ROOT, 'examples', 'backends', 'grafana');

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
    const directory = await dataDirectory('prometheus');
    const [port] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const stop = await startServer({
      command,
      parameters: [
        ...[`--config.file=${join(EXAMPLE, 'prometheus.yaml')}`, ...(await flagsOfExample())],
        ...[`--storage.tsdb.path=${join(directory, 'data')}`, `--web.listen-address=127.0.0.1:${port}`],
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
      // Prometheus must understand all queries of the example's dashboard, and have values for its sums.
      check: async () => {
        for (const query of promQueries(readDashboard())) {
          const { data } = (await getJson(
            `${url}/api/v1/query?query=${encodeURIComponent(query)}`,
          )) as Answer;
          if (query.includes('increase(') && data.result.length === 0)
            throw new Error(`no value of ${query}`);
        }
      },
      stop,
    };
  },
};

interface Answer {
  readonly data: { readonly result: readonly unknown[] };
}

/** The flags that the example's compose file sets. */
async function flagsOfExample(): Promise<string[]> {
  const { services } = parse(await readFile(join(EXAMPLE, 'compose.yaml'), 'utf8'));
  const { command } = services.prometheus as { readonly command: readonly string[] };
  return command.filter((flag) => !flag.startsWith('--config.file'));
}
