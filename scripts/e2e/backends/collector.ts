import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../../../test/support/lanes/paths.ts';
import type { Backend } from '../backend.ts';
import { CACHE, exists, installFromGo, mustWork } from '../install.ts';
import { checkMixedFleet } from '../mixed-fleet.ts';
import { dataDirectory, freePorts, startServer } from '../server.ts';
import { checkWaitingRuns } from '../waiting-runs.ts';
import { mockOtlpServer } from './mock-otlp-server.ts';

const VERSION = '0.160.0';

const FILES = join(ROOT, 'ops', 'collector');
const CORE = 'go.opentelemetry.io/collector';
const CONTRIB = 'github.com/open-telemetry/opentelemetry-collector-contrib';
/** The components that are built into it: those of the files in `ops/collector`. */
const MANIFEST = `
dist: { name: otelcol, output_path: . }
receivers:
  - gomod: ${CORE}/receiver/otlpreceiver v${VERSION}
processors:
  - gomod: ${CORE}/processor/memorylimiterprocessor v${VERSION}
  - gomod: ${CONTRIB}/processor/deltatocumulativeprocessor v${VERSION}
  - gomod: ${CONTRIB}/processor/tailsamplingprocessor v${VERSION}
  - gomod: ${CONTRIB}/processor/transformprocessor v${VERSION}
exporters:
  - gomod: ${CORE}/exporter/otlpexporter v${VERSION}
  - gomod: ${CORE}/exporter/otlphttpexporter v${VERSION}
  - gomod: ${CONTRIB}/exporter/loadbalancingexporter v${VERSION}
connectors:
  - gomod: ${CONTRIB}/connector/countconnector v${VERSION}
`;

/**
 * The OpenTelemetry Collector, built by its own builder. It stores nothing: it forwards what it receives over gRPC to a
 * receiver, which the telemetry is read from.
 */
export const collector: Backend = {
  name: 'OpenTelemetry Collector',
  version: VERSION,
  protocols: ['grpc', 'http'],
  install: async () => {
    // The components are part of the name, so that other ones are built anew.
    const components = createHash('sha256').update(MANIFEST).digest('hex').slice(0, 8);
    const binary = join(CACHE, 'bin', `otelcol-${VERSION}-${components}`);
    if (await exists(binary)) return binary;
    const builder = await installFromGo({
      name: 'collector-builder',
      module: 'go.opentelemetry.io/collector/cmd/builder',
      version: `v${VERSION}`,
      package: '.',
    });
    const directory = join(CACHE, 'source', 'otelcol');
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'manifest.yaml'), MANIFEST);
    const otherwise = `the collector's builder cannot build ${VERSION}`;
    await mustWork(builder, ['--config', 'manifest.yaml'], otherwise, directory);
    await rename(join(directory, 'otelcol'), binary);
    await rm(directory, { recursive: true, force: true });
    return binary;
  },
  start: async (command) => {
    const target = await mockOtlpServer.start('');
    const { host } = new URL(target.environment('grpc').OTEL_EXPORTER_OTLP_ENDPOINT ?? '');
    const directory = await dataDirectory('collector');
    const [grpc, http] = await freePorts(2);
    const settings = `
receivers:
  otlp:
    protocols:
      grpc: { endpoint: '127.0.0.1:${grpc}' }
      http: { endpoint: '127.0.0.1:${http}' }
exporters:
  otlp: { endpoint: '${host}', tls: { insecure: true } }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    traces: { receivers: [otlp], exporters: [otlp] }
    metrics: { receivers: [otlp], exporters: [otlp] }
`;
    await writeFile(join(directory, 'settings.yaml'), settings);
    const stop = await startServer({
      command,
      parameters: ['--config', 'settings.yaml'],
      directory,
      ready: `http://127.0.0.1:${http}/v1/traces`,
    }).catch(async (error: unknown) => {
      await target.stop();
      throw error;
    });
    return {
      ...target,
      environment: (protocol) => ({
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${protocol === 'grpc' ? grpc : http}`,
      }),
      check: async () => {
        const files = await readdir(FILES);
        for (const file of files)
          await mustWork(command, ['validate', '--config', join(FILES, file)], `${file} is not valid`);
        await checkWaitingRuns(command);
        await checkMixedFleet(command);
        return `${files.length} valid files in \`ops/collector\`, runs left waiting counted in Prometheus, names of two languages made equal in both directions`;
      },
      stop: async () => {
        await stop();
        await target.stop();
      },
    };
  },
};
