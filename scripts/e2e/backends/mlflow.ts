import { join } from 'node:path';
import type { Backend } from '../backend.ts';
import { installFromPip } from '../install.ts';
import { spanOf } from '../otlp.ts';
import { dataDirectory, freePorts, getJson, startServer } from '../server.ts';

const VERSION = '3.17.2';

/** A span as MLflow returns it. Each value of its attributes is JSON text. */
interface MlflowSpan {
  readonly attributes: Readonly<Record<string, string>>;
}

/** MLflow, which stores traces in experiments and has a page. It receives OTLP only over HTTP. */
export const mlflow: Backend = {
  name: 'MLflow',
  version: VERSION,
  protocols: ['http'],
  install: async () => join(await installFromPip('mlflow', VERSION), 'mlflow'),
  start: async (command) => {
    const directory = await dataDirectory('mlflow');
    const [port] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const stop = await startServer({
      command,
      parameters: [
        ...['server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
        ...['--backend-store-uri', `sqlite:///${join(directory, 'mlflow.db')}`],
        ...['--default-artifact-root', join(directory, 'artifacts')],
      ],
      env: { MLFLOW_DISABLE_TELEMETRY: 'true', MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' },
      directory,
      ready: `${url}/health`,
    });
    return {
      environment: () => ({
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-mlflow-experiment-id=0',
        OTEL_METRICS_EXPORTER: 'none',
      }),
      readSpans: async (traceId) => {
        const trace = await getJson(`${url}/ajax-api/3.0/mlflow/get-trace-artifact?request_id=tr-${traceId}`);
        const { spans } = trace as { readonly spans: readonly MlflowSpan[] };
        return spans.map((span) => ({ ...spanOf(span), attributes: readAttributes(span) }));
      },
      page: (traceId) =>
        Promise.resolve({
          url: `${url}/#/experiments/0/traces?selectedEvaluationId=tr-${traceId}`,
          clicks: ['chat gpt-4o-mini'],
          shows: ['execute_tool convert_length', 'I need to solve the equation'],
        }),
      stop,
    };
  },
};

function readAttributes({ attributes }: MlflowSpan): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).map(([name, json]) => [name, JSON.parse(json)]));
}
