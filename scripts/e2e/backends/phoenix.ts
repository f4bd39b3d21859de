import { join } from 'node:path';
import type { Backend } from '../backend.ts';
import { installFromPip } from '../install.ts';
import { spanOf } from '../otlp.ts';
import { dataDirectory, freePorts, getJson, startServer } from '../server.ts';

const VERSION = '20.26.1';

/** Arize Phoenix, which stores traces of language models and has a page. */
export const phoenix: Backend = {
  name: 'Phoenix',
  version: VERSION,
  protocols: ['grpc', 'http'],
  install: async () => join(await installFromPip('arize-phoenix', VERSION), 'phoenix'),
  start: async (command) => {
    const directory = await dataDirectory('phoenix');
    const [http, grpc] = await freePorts(2);
    const url = `http://127.0.0.1:${http}`;
    const stop = await startServer({
      command,
      parameters: ['serve'],
      env: {
        PHOENIX_WORKING_DIR: directory,
        PHOENIX_HOST: '127.0.0.1',
        PHOENIX_PORT: String(http),
        PHOENIX_GRPC_PORT: String(grpc),
        PHOENIX_TELEMETRY_ENABLED: 'false',
      },
      directory,
      ready: `${url}/healthz`,
    });
    return {
      environment: (protocol) => ({
        OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? `http://127.0.0.1:${grpc}` : url,
        OTEL_METRICS_EXPORTER: 'none',
      }),
      readSpans: async (traceId) => {
        const spans = `${url}/v1/projects/default/spans/otlpv1?limit=1000&trace_id=${traceId}`;
        const { data } = (await getJson(spans)) as { readonly data: readonly unknown[] };
        return data.map(spanOf);
      },
      page: async (traceId) => {
        const { data } = (await getJson(`${url}/v1/projects`)) as {
          readonly data: readonly { readonly id: string }[];
        };
        return {
          url: `${url}/projects/${data[0]?.id}/traces/${traceId}`,
          clicks: ['chat gpt-4o-mini'],
          shows: ['execute_tool convert_length', 'I need to solve the equation'],
        };
      },
      stop,
    };
  },
};
