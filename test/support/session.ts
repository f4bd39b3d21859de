import { diag } from '@opentelemetry/api';
import OpenAI, { type ClientOptions } from 'openai';
import { instrumentOpenAI, type OpenAIInstrumentationConfig } from '../../src/client.ts';
import { collectLines } from './diag-lines.ts';
import { forgetMetricSeries, forgetObservers } from './process-state.ts';
import { type RunScript, type Simulator, startReplay, startSimulator } from './simulator/index.ts';
import { type RecordedTelemetry, type RecordOptions, recordTelemetry } from './telemetry.ts';

/** A program's surroundings: the API, an instrumented client of it, and what that client's calls recorded. */
export interface Session extends RecordedTelemetry {
  readonly simulator: Simulator;
  readonly client: OpenAI;
  /** The same client without instrumentation, to compare with. */
  readonly plain: OpenAI;
  /** What was logged by us and by OpenTelemetry; a test that expects some takes it out. */
  readonly warnings: string[];
  /** Also throws if anything was logged. */
  verify(): Promise<void>;
}

export interface SessionOptions extends RecordOptions {
  readonly config?: OpenAIInstrumentationConfig;
  readonly client?: ClientOptions;
  readonly runs?: readonly RunScript[];
  /** A recording to replay instead of simulating. */
  readonly replay?: string;
  /** Whether the test may leave lines that were logged. What is logged once in a process may come in any test. */
  readonly mayLog?: boolean;
}

/** `flush()` reaches the providers of earlier tests, too, if their files share a process. */
const OF_EARLIER_TESTS = 'invalid attempt to force flush after MeterProvider shutdown';

/** A function of the program may allow anything. */
function allows(mode: OpenAIInstrumentationConfig['captureMessageContent'], values: unknown[]): boolean {
  return typeof mode === 'function' || values.includes(mode);
}

/** Tests share no observer: each has settings and a provider of its own. */
export async function startSession({
  config = {},
  client = {},
  runs = [],
  replay,
  mayLog = false,
  ...options
}: SessionOptions = {}): Promise<Session> {
  // Each simulator has a port of its own, which is a dimension.
  forgetMetricSeries();
  forgetObservers();
  const simulator = replay === undefined ? await startSimulator({ runs }) : await startReplay(replay);
  const warnings = collectLines();
  const telemetry = recordTelemetry({
    content: allows(config.captureMessageContent, ['SPAN_ONLY', 'SPAN_AND_EVENT', true]),
    eventContent: allows(config.captureMessageContent, ['EVENT_ONLY', 'SPAN_AND_EVENT', true]),
    ...options,
  });
  const settings: ClientOptions = {
    apiKey: 'sk-secret',
    baseURL: simulator.url,
    maxRetries: 0,
    logLevel: 'off',
    ...client,
  };
  return {
    provider: telemetry.provider,
    spans: telemetry.spans,
    get openSpans() {
      return telemetry.openSpans;
    },
    get logRecords() {
      return telemetry.logRecords;
    },
    metrics: telemetry.metrics,
    simulator,
    // Prices change with every version of the price package: only tests of costs have any.
    client: instrumentOpenAI(new OpenAI(settings), { cost: false, ...config }),
    plain: new OpenAI(settings),
    warnings,
    async verify() {
      await simulator.close();
      await telemetry.verify();
      diag.disable();
      const logged = warnings.filter((line) => line !== OF_EARLIER_TESTS);
      if (logged.length > 0 && !mayLog) throw new Error(`Logged:\n${logged.join('\n')}`);
    },
  };
}
