import type { Lane } from '../support/lanes/lanes.ts';

const OPENAI_4 = { 'openai-4': 'npm:openai@4.104.0' };
/** Two libraries that end a process by its signal, and only where nobody else listens. */
const SIGNAL_EXIT = { 'signal-exit': '4.1.0', 'signal-exit-3': 'npm:signal-exit@3.0.7' };

/** Everything that OpenTelemetry's own distributions bring, in both lines, beside two majors of openai. */
export const FULL_LANES: readonly Lane[] = [
  {
    name: 'full-sdk-3',
    packages: {
      openai: '7.57.0',
      ...OPENAI_4,
      ...SIGNAL_EXIT,
      '@opentelemetry/api': '1.10.0',
      '@opentelemetry/auto-instrumentations-node': '0.82.0',
      '@opentelemetry/core': '3.1.0',
      '@opentelemetry/instrumentation': '0.301.1',
      '@opentelemetry/instrumentation-http': '0.301.0',
      '@opentelemetry/instrumentation-undici': '0.34.0',
      '@opentelemetry/sdk-node': '0.301.0',
    },
  },
  {
    name: 'full-sdk-2',
    packages: {
      openai: '6.49.0',
      ...OPENAI_4,
      ...SIGNAL_EXIT,
      '@opentelemetry/api': '1.9.1',
      '@opentelemetry/auto-instrumentations-node': '0.81.2',
      '@opentelemetry/core': '2.12.0',
      '@opentelemetry/instrumentation': '0.223.0',
      '@opentelemetry/instrumentation-http': '0.223.0',
      '@opentelemetry/instrumentation-undici': '0.33.0',
      '@opentelemetry/sdk-node': '0.223.0',
    },
  },
];

/** Both lines of OpenTelemetry and both forms of modules, for what does not depend on how they are combined. */
export const LANES_IN_TURN = [
  { lane: 'full-sdk-3', format: 'mjs' },
  { lane: 'full-sdk-2', format: 'cjs' },
] as const;

/** The bundlers of examples/bundled, and all others that there is a plugin for. */
export const BUNDLER_LANE: Lane = {
  name: 'bundlers',
  packages: {
    openai: '7.57.0',
    '@openai/agents': '0.20.0',
    '@opentelemetry/api': '1.10.0',
    '@opentelemetry/context-async-hooks': '3.1.1',
    '@opentelemetry/sdk-metrics': '3.1.1',
    '@opentelemetry/sdk-trace': '3.1.1',
    '@rollup/plugin-node-resolve': '16.0.3',
    '@rspack/core': '2.3.2',
    esbuild: '0.28.2',
    rolldown: '1.2.19',
    rollup: '4.68.7',
    vite: '8.3.8',
    webpack: '5.112.2',
    zod: '4.6.7',
  },
};

/** Without `sdk-node`. */
export const BARE_LANE = 'clean-sdk-3-bare';

export const ENTRY_LANES: readonly Lane[] = [...FULL_LANES, BUNDLER_LANE];
