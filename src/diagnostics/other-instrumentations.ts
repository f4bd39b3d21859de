/** Another instrumentation of the `openai` package. */
export interface OtherInstrumentation {
  /** Of its spans; also the name of its package. */
  readonly scope: string;
  /** Whether it records the client metrics of the conventions: where it does not, ours are still needed. */
  readonly recordsMetrics: boolean;
  /** How to switch it off, to be pasted. */
  readonly switchOff: string;
}

/** Those that are known. One that is not is taken to record metrics, so that nothing is counted twice. */
export const OTHER_INSTRUMENTATIONS: readonly OtherInstrumentation[] = [
  {
    scope: '@opentelemetry/instrumentation-openai',
    recordsMetrics: true,
    switchOff:
      "getNodeAutoInstrumentations({ '@opentelemetry/instrumentation-openai': { enabled: false } }), " +
      'or OTEL_NODE_DISABLED_INSTRUMENTATIONS=openai',
  },
  {
    scope: '@traceloop/instrumentation-openai',
    recordsMetrics: false,
    switchOff:
      "instrumentations: instrumentations.filter((each) => each.instrumentationName !== '@traceloop/instrumentation-openai')",
  },
  {
    scope: '@arizeai/openinference-instrumentation-openai',
    recordsMetrics: false,
    switchOff:
      "instrumentations: instrumentations.filter((each) => each.instrumentationName !== '@arizeai/openinference-instrumentation-openai')",
  },
];
