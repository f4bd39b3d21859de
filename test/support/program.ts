import { type Attributes, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { onTestFinished } from 'vitest';
import { instrumentOpenAI, type OpenAIInstrumentationConfig } from '../../src/client.ts';
import { forgetObservers } from '../../src/pipeline/client-observers.ts';
import { forgetMetricSeries } from '../../src/telemetry/metrics/metric-series.ts';
import { assertSpanTree } from '../../src/testing.ts';
import { type RunScript, type Simulator, startReplay, startSimulator } from './simulator/index.ts';
import { type RecordedTelemetry, type RecordOptions, recordTelemetry } from './telemetry.ts';

/** What was measured under one combination of dimensions. */
export interface Point {
  readonly attributes: Attributes;
  readonly count: number;
  readonly sum: number;
  readonly max: number;
}

/** A program under test: a real client of a simulated API, observed, with the real SDK recording. */
export interface Program {
  readonly client: OpenAI;
  /** A client of the same API that nothing observes, as another program has one. */
  readonly plain: OpenAI;
  readonly simulator: Simulator;
  readonly telemetry: RecordedTelemetry;
  /** Runs something below a span of the program's own. */
  inSpan<Result>(run: () => Promise<Result>, name?: string): Promise<Result>;
  /** The ended spans of a name, or of all names that begin with this word. */
  ended(name: string): readonly ReadableSpan[];
  /** The same, once everything is flushed. */
  flushed(name: string): Promise<readonly ReadableSpan[]>;
  /** The names of what each span of a name is linked to. */
  linked(name: string): (string | undefined)[][];
  /** What an instrument has measured, of one operation or of all. */
  points(instrument: string, operation?: string): Promise<readonly Point[]>;
  /** Flushes, and compares all that was recorded with a tree. */
  expectTree(expected: string): Promise<void>;
  /** The same, once the provider is shut down, as at the end of a program. */
  expectTreeAtEnd(this: Pick<Program, 'expectTree'>, expected: string): Promise<void>;
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
  const settings = { apiKey: 'test', baseURL: simulator.url, maxRetries: 0 };
  const client = new OpenAI({ ...settings, ...options.client });
  // Prices change with every version of the price package: only tests of costs have any.
  instrumentOpenAI(client, { cost: false, ...options.config });
  // Not `afterEach`: where test files share a process, it would be registered for the first file only.
  onTestFinished(async () => {
    await simulator.close();
    await telemetry.verify();
  });
  const ended: Program['ended'] = (name) =>
    telemetry.spans.filter((span) => span.name === name || span.name.startsWith(`${name} `));
  return {
    client,
    plain: new OpenAI(settings),
    simulator,
    telemetry,
    ended,
    async flushed(name) {
      await telemetry.provider.forceFlush();
      return ended(name);
    },
    linked: (name) =>
      ended(name).map(({ links }) =>
        links.map(
          ({ context: { spanId } }) =>
            telemetry.spans.find((span) => span.spanContext().spanId === spanId)?.name,
        ),
      ),
    async points(instrument, operation) {
      const metrics = await telemetry.metrics();
      const found = metrics.find(({ descriptor }) => descriptor.name === instrument)?.dataPoints ?? [];
      return found
        .map(({ attributes, value }) => ({ attributes, ...(value as Omit<Point, 'attributes'>) }))
        .filter(({ attributes }) => [undefined, attributes['gen_ai.operation.name']].includes(operation));
    },
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
    async expectTreeAtEnd(expected) {
      await telemetry.provider.shutdown();
      await this.expectTree(expected);
    },
  };
}
