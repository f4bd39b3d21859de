import type { Lane } from '../support/lanes/lanes.ts';

/** A lane with other instrumentations of `openai` beside ours. */
export interface DoubleLane extends Lane {
  readonly line: 2 | 3;
  /** Their packages; each exports a class `OpenAIInstrumentation`. */
  readonly others: readonly string[];
}

/** Which line of OpenTelemetry another instrumentation can be installed with, it decides. */
export const DOUBLE_LANES: readonly DoubleLane[] = [
  {
    name: 'double-sdk-3',
    line: 3,
    others: ['@opentelemetry/instrumentation-openai'],
    packages: {
      openai: '6.49.0',
      '@opentelemetry/api': '1.10.0',
      '@opentelemetry/context-async-hooks': '3.1.1',
      '@opentelemetry/instrumentation-openai': '0.22.0',
      '@opentelemetry/sdk-metrics': '3.1.1',
      '@opentelemetry/sdk-trace': '3.1.1',
    },
  },
  {
    name: 'double-sdk-2',
    line: 2,
    others: ['@traceloop/instrumentation-openai', '@arizeai/openinference-instrumentation-openai'],
    packages: {
      openai: '6.49.0',
      '@arizeai/openinference-instrumentation-openai': '4.2.7',
      '@opentelemetry/api': '1.9.1',
      '@opentelemetry/sdk-metrics': '2.12.1',
      '@opentelemetry/sdk-trace-node': '2.12.0',
      '@traceloop/instrumentation-openai': '0.27.0',
    },
  },
];
