import { trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import { onTestFinished } from 'vitest';
import { instrumentOpenAI, type OpenAIInstrumentationConfig } from '../../src/client.ts';
import { forgetObservers } from '../../src/pipeline/client-observers.ts';
import { forgetMetricSeries } from '../../src/telemetry/metrics/metric-series.ts';
import { assertSpanTree } from '../../src/testing.ts';
import { type RunScript, type Simulator, startReplay, startSimulator } from './simulator/index.ts';
import { type RecordedTelemetry, type RecordOptions, recordTelemetry } from './telemetry.ts';

/** A program under test: a real client of a simulated API, observed, with the real SDK recording. */
export interface Program {
  readonly client: OpenAI;
  readonly simulator: Simulator;
  readonly telemetry: RecordedTelemetry;
  /** Runs something below a span of the program's own. */
  inSpan<Result>(run: () => Promise<Result>, name?: string): Promise<Result>;
  /** Flushes, and compares all that was recorded with a tree. */
  expectTree(expected: string): Promise<void>;
}

export interface ProgramOptions extends RecordOptions {
  readonly config?: OpenAIInstrumentationConfig;
  readonly runs?: readonly RunScript[];
  /** A recording to replay instead of simulating. */
  readonly replay?: string;
  readonly client?: Partial<ConstructorParameters<typeof OpenAI>[0]>;
}

/** What the program has recorded is checked when its test ends: conventions, and no span left open. */
export async function startProgram(options: ProgramOptions = {}): Promise<Program> {
  // Each simulator has a port of its own, which is a dimension.
  forgetMetricSeries();
  forgetObservers();
  const telemetry = recordTelemetry(options);
  const simulator =
    options.replay === undefined
      ? await startSimulator({ runs: options.runs ?? [] })
      : await startReplay(options.replay);
  const client = new OpenAI({ apiKey: 'test', baseURL: simulator.url, maxRetries: 0, ...options.client });
  // Prices change with every version of the price package: only tests of costs have any.
  instrumentOpenAI(client, { cost: false, ...options.config });
  // Not `afterEach`: where test files share a process, it would be registered for the first file only.
  onTestFinished(async () => {
    await simulator.close();
    await telemetry.verify();
  });
  return {
    client,
    simulator,
    telemetry,
    inSpan: (run, name = 'program') =>
      trace.getTracer('program').startActiveSpan(name, async (span) => {
        try {
          return await run();
        } finally {
          span.end();
        }
      }),
    async expectTree(expected) {
      await telemetry.provider.forceFlush();
      assertSpanTree(telemetry.spans, expected);
    },
  };
}
