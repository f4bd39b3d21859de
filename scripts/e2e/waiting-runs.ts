import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SpanKind } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import * as ATTR from '../../src/semconv/attributes.ts';
import { ROOT } from '../../test/support/lanes/paths.ts';
import { mockOtlpServer } from './backends/mock-otlp-server.ts';
import { prometheus, startPrometheus } from './backends/prometheus.ts';
import { ruleQueries } from './fleet/queries.ts';
import { queryPrometheus, type Sample } from './prometheus-api.ts';
import { dataDirectory, freePorts, startServer } from './server.ts';

/** The milliseconds within which the count must arrive. */
const ARRIVES_WITHIN = 30_000;
const AGENT = 'Math Tutor';

/** Starts the Collector that counts runs left waiting, and checks that the alert says how many there are. */
export async function checkWaitingRuns(collector: string): Promise<void> {
  const server = await startPrometheus(await prometheus.install());
  const backend = await mockOtlpServer.start('');
  try {
    const { host } = new URL(backend.environment('grpc').OTEL_EXPORTER_OTLP_ENDPOINT ?? '');
    const [grpc, http] = await freePorts(2);
    const url = `http://127.0.0.1:${http}/v1/traces`;
    const stop = await startServer({
      command: collector,
      parameters: ['--config', join(ROOT, 'ops', 'collector', 'waiting-runs.yaml')],
      env: {
        OTLP_GRPC_ENDPOINT: `127.0.0.1:${grpc}`,
        OTLP_HTTP_ENDPOINT: `127.0.0.1:${http}`,
        BACKEND_ENDPOINT: host,
        PROMETHEUS_ENDPOINT: `${server.url}/api/v1/otlp/v1/metrics`,
      },
      directory: await dataDirectory('waiting-runs'),
      ready: url,
    });
    try {
      await sendRuns(url, ['requires_action', 'completed', 'waiting']);
      await sendRuns(url, ['requires_action']);
      await untilAlertSays(server.url, 3);
    } finally {
      await stop();
    }
  } finally {
    await backend.stop();
    await server.stop();
  }
}

async function sendRuns(url: string, statuses: readonly string[]): Promise<void> {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'tutor', 'service.instance.id': 'tutor-1' }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) })],
  });
  for (const status of statuses) {
    const attributes = { [ATTR.GEN_AI_AGENT_NAME]: AGENT, [ATTR.OPENAI_RUN_STATUS]: status };
    provider.getTracer('e2e').startSpan(`invoke_agent ${AGENT}`, { kind: SpanKind.CLIENT, attributes }).end();
  }
  await provider.shutdown();
}

async function untilAlertSays(server: string, runs: number): Promise<void> {
  const { query = '' } = ruleQueries().find(({ name }) => name === 'OpenAIRunsWaiting') ?? {};
  const deadline = Date.now() + ARRIVES_WITHIN;
  let answer: Sample[];
  do {
    await wait(500);
    answer = await queryPrometheus(server, query);
    const [sample] = answer;
    if (sample?.value === runs && sample.labels.gen_ai_agent_name === AGENT && sample.labels.job === 'tutor')
      return;
  } while (Date.now() < deadline);
  throw new Error(`OpenAIRunsWaiting: expected ${runs}, found ${JSON.stringify(answer)}`);
}
