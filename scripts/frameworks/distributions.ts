import type { Lane } from '../../test/support/lanes/lanes.ts';

/** A distribution of OpenTelemetry, or a vendor's SDK, to which this package is added as docs/rollout.md says. */
export interface Distribution {
  readonly lane: Lane;
  /** The flags of `node`. */
  readonly setUp: readonly string[];
  /** Set if its exporter cannot be replaced, so that it sends to a receiver. */
  readonly exports?: true;
  readonly env?: Readonly<Record<string, string>>;
}

const PACKAGES = { '@opentelemetry/api': '1.9.1', openai: '6.49.0' };
const REGISTER = ['--import', 'opentelemetry-instrumentation-openai/register'];
const SDK_2 = { '@opentelemetry/sdk-metrics': '2.12.1', '@opentelemetry/sdk-trace-node': '2.12.0' };
/** Flags for npm: the distributions contain dozens of instrumentations, some with binaries. */
const flags = ['--ignore-scripts', '--omit=optional'];

export const DISTRIBUTIONS: readonly Distribution[] = [
  {
    lane: { name: 'elastic', packages: { '@elastic/opentelemetry-node': '1.18.0', ...PACKAGES }, flags },
    setUp: ['--import', '@elastic/opentelemetry-node', ...REGISTER],
    exports: true,
    env: { OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none', OTEL_NODE_RESOURCE_DETECTORS: 'none' },
  },
  {
    lane: { name: 'splunk', packages: { '@splunk/otel': '4.7.2', ...PACKAGES }, flags },
    setUp: ['--require', '@splunk/otel/instrument', ...REGISTER],
    exports: true,
  },
  {
    lane: {
      name: 'azure-monitor',
      packages: { '@azure/monitor-opentelemetry': '1.21.0', ...PACKAGES, ...SDK_2 },
      flags,
    },
    setUp: ['--import', './azure-monitor.mjs'],
    env: { APPLICATION_INSIGHTS_NO_STATSBEAT: 'true' },
  },
  {
    lane: { name: 'vercel-otel', packages: { '@vercel/otel': '2.1.3', ...PACKAGES, ...SDK_2 }, flags },
    setUp: ['--import', './vercel-otel.mjs'],
  },
  {
    lane: {
      name: 'langfuse-otel',
      packages: {
        '@langfuse/otel': '5.11.1',
        '@opentelemetry/exporter-trace-otlp-http': '0.223.0',
        ...PACKAGES,
        ...SDK_2,
      },
      flags,
    },
    setUp: ['--import', './langfuse-otel.mjs'],
  },
];
