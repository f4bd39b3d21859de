import type { Lane } from '../support/lanes/lanes.ts';

/** A lane with other instrumentations of `openai` beside ours. */
export interface DoubleLane extends Lane {
  /** Packages whose spans are kept; each exports a class `OpenAIInstrumentation`. */
  readonly others: readonly string[];
}

const SDK = {
  '@opentelemetry/api': '1.10.0',
  '@opentelemetry/context-async-hooks': '3.1.1',
  '@opentelemetry/sdk-metrics': '3.1.1',
  '@opentelemetry/sdk-trace': '3.1.1',
};

const SDK_2 = {
  '@opentelemetry/api': '1.9.1',
  '@opentelemetry/sdk-metrics': '2.12.1',
  '@opentelemetry/sdk-trace-node': '2.12.0',
};

const ZOD = '4.6.7';

/** The first has OpenTelemetry's own instrumentation, which is switched off: `otel-openai.test.ts`. */
export const DOUBLE_LANES: readonly DoubleLane[] = [
  {
    name: 'double-sdk-3',
    others: [],
    packages: {
      openai: '6.49.0',
      '@opentelemetry/auto-instrumentations-node': '0.82.0',
      '@opentelemetry/instrumentation-openai': '0.22.0',
      '@opentelemetry/sdk-node': '0.301.0',
      ...SDK,
    },
  },
  {
    name: 'double-sdk-2',
    others: ['@traceloop/instrumentation-openai', '@arizeai/openinference-instrumentation-openai'],
    packages: {
      openai: '6.49.0',
      '@arizeai/openinference-instrumentation-openai': '4.2.7',
      '@traceloop/instrumentation-openai': '0.27.0',
      ...SDK_2,
    },
  },
];

/** A lane with a library that makes the calls of `openai` itself, and the program of that name. */
export const FRAMEWORK_LANES: readonly Lane[] = [
  {
    name: 'langgraph',
    packages: {
      '@langchain/core': '1.4.0',
      '@langchain/langgraph': '1.7.3',
      '@langchain/openai': '1.6.0',
      zod: ZOD,
      ...SDK,
    },
  },
  {
    name: 'openai-agents',
    packages: { '@openai/agents': '0.20.0', openai: '7.57.0', zod: ZOD, ...SDK },
  },
  {
    // Two copies of the library, of two versions.
    name: 'openai-agents-sdk-2',
    packages: {
      '@openai/agents': '0.20.0',
      'agents-0.16': 'npm:@openai/agents@0.16.1',
      openai: '7.57.0',
      zod: ZOD,
      ...SDK_2,
    },
  },
  {
    name: 'openai-agents-oldest',
    packages: { '@openai/agents': '0.3.9', openai: '6.49.0', zod: ZOD, ...SDK },
  },
  {
    // It brings a copy of openai 5 of its own.
    name: 'llamaindex',
    packages: {
      '@llamaindex/core': '0.6.23',
      '@llamaindex/env': '0.1.31',
      '@llamaindex/openai': '0.4.23',
      '@llamaindex/workflow': '1.1.25',
      zod: ZOD,
      ...SDK,
    },
  },
];
