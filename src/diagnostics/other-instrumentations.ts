export interface OtherInstrumentation {
  /** The instrumentation scope of its spans, which is also the name of its package. */
  readonly scope: string;
  /** Whether it records the client metrics of the GenAI conventions. If not, ours are still needed. */
  readonly recordsMetrics?: true;
  /**
   * Some spans of single calls may never end: this is their scope or, for Sentry, their origin. All other
   * spans end before the next turn of the event loop.
   */
  readonly leavesOpen?: string | undefined;
  /** How to switch it off: code or a variable, ready to paste. */
  readonly switchOff: string;
}

/** OpenTelemetry's own instrumentation of `openai`, which `getNodeAutoInstrumentations()` includes. */
export const OTEL_OPENAI = '@opentelemetry/instrumentation-openai';

/** Used as the scope of Sentry's spans, which have none. */
export const SENTRY_SCOPE = '@sentry/node';

/** The known instrumentations. An unknown one is assumed to record metrics, so that nothing is counted twice. */
export const OTHER_INSTRUMENTATIONS: readonly OtherInstrumentation[] = [
  {
    scope: OTEL_OPENAI,
    recordsMetrics: true,
    switchOff:
      "getNodeAutoInstrumentations({ '@opentelemetry/instrumentation-openai': { enabled: false } }), " +
      'or OTEL_NODE_DISABLED_INSTRUMENTATIONS=openai',
  },
  registered('@traceloop/instrumentation-openai'),
  // This instrumentation never ends the span of a failed call.
  registered('@arizeai/openinference-instrumentation-openai', true),
  {
    scope: 'langsmith',
    switchOff: 'use the client without wrapOpenAI of langsmith/wrappers.',
  },
  {
    scope: SENTRY_SCOPE,
    // Sentry never ends the spans of `parse()`, `responses.stream()` and `tee()`. Its spans for LangChain
    // have another origin: they may have several calls below them.
    leavesOpen: 'auto.ai.openai',
    switchOff: "Sentry.init({ integrations: (all) => all.filter(({ name }) => name !== 'OpenAI') })",
  },
];

/** An instrumentation that a program passes to its SDK. */
function registered(scope: string, leavesOpen?: true): OtherInstrumentation {
  return {
    scope,
    leavesOpen: leavesOpen && scope,
    switchOff: `instrumentations: instrumentations.filter((each) => each.instrumentationName !== '${scope}')`,
  };
}
