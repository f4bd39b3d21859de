/** Another instrumentation of the `openai` package. */
export interface OtherInstrumentation {
  /** The instrumentation scope of its spans, which is also the name of its package. */
  readonly scope: string;
  /** Whether it records the client metrics of the conventions. If not, ours are still needed. */
  readonly recordsMetrics: boolean;
  /** The code or variable that switches it off, ready to paste. */
  readonly switchOff: string;
}

/** What stands for the scope of Sentry's spans, which have none. */
export const SENTRY_SCOPE = '@sentry/node';

/** The known ones. An unknown one is assumed to record metrics, so that nothing is counted twice. */
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
  {
    scope: 'langsmith',
    recordsMetrics: false,
    switchOff: 'use the client without wrapOpenAI of langsmith/wrappers.',
  },
  {
    scope: SENTRY_SCOPE,
    recordsMetrics: false,
    switchOff: "Sentry.init({ integrations: (all) => all.filter(({ name }) => name !== 'OpenAI') })",
  },
];
