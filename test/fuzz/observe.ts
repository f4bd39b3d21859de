import { diag, trace } from '@opentelemetry/api';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { instrumentOpenAI, type OpenAIInstrumentationConfig, type SinkEvent } from '../../src/client.ts';
import { collectLines } from '../support/diag-lines.ts';
import { forgetMetricSeries } from '../support/process-state.ts';
import { recordTelemetry } from '../support/telemetry.ts';
import { act } from './act.ts';
import { PROGRAMS } from './programs.ts';
import type { Recipe } from './recipe.ts';
import { type Answer, wireOf } from './wire.ts';

/** One run of a program against an API that has gone wrong; plain JSON, so that it can be kept. */
export interface FuzzCase {
  readonly program: string;
  readonly config: ConfigName;
  /** The body of the program's main request. */
  readonly body: Recipe;
  readonly answers: readonly Answer[];
  /** Whether the program has a span of its own around it all. */
  readonly inSpan: boolean;
}

type ConfigName =
  | 'no content'
  | 'content'
  | 'little content'
  | 'content of what others began'
  | 'no content, little else';

export const CONFIGS: Readonly<Record<ConfigName, OpenAIInstrumentationConfig>> = {
  'no content': {},
  content: { captureMessageContent: 'SPAN_AND_EVENT' },
  'little content': {
    captureMessageContent: 'SPAN_ONLY',
    maxContentLength: 50,
    maxSpanContentLength: 600,
    media: 'inline',
    streamDeltas: 'spans',
  },
  'content of what others began': {
    captureMessageContent: 'EVENT_ONLY',
    adoptRuns: true,
    media: 'drop',
    streamDeltas: 'events',
    conversationSpans: 'always',
  },
  'no content, little else': { runSteps: 'observe', conversationSpans: 'never', apiSpans: 'none' },
};

/** What the program has seen and sent, with and without us, and what was recorded. */
export interface Observed {
  readonly plain: Behaviour;
  readonly observed: Behaviour;
  readonly spans: readonly ReadableSpan[];
  readonly openSpans: readonly string[];
  readonly metrics: readonly MetricData[];
  readonly logRecords: readonly unknown[];
  readonly events: readonly SinkEvent[];
  /** What was logged. */
  readonly logged: readonly string[];
}

export interface Behaviour {
  readonly seen: readonly unknown[];
  readonly requests: readonly string[];
}

export async function observe(fuzzCase: FuzzCase): Promise<Observed> {
  const program = PROGRAMS.find(({ name }) => name === fuzzCase.program);
  if (program === undefined) throw new Error(`There is no program ${fuzzCase.program}.`);
  const run = async (prepare: (client: OpenAI) => OpenAI): Promise<Behaviour> => {
    const { fetch, requests } = wireOf(fuzzCase.answers);
    const client = new OpenAI({ apiKey: 'test', maxRetries: 0, logLevel: 'off', fetch });
    return { seen: await act(program, prepare(client), fuzzCase.body), requests };
  };
  const plain = await run((client) => client);
  const logged = collectLines();
  // Values of dimensions are limited for each process, which plays all cases.
  forgetMetricSeries();
  const telemetry = recordTelemetry();
  const events: SinkEvent[] = [];
  const config: OpenAIInstrumentationConfig = {
    cost: false,
    prices: { '*': { input_mtok: 1, output_mtok: 1 } },
    ...CONFIGS[fuzzCase.config],
    events: { sink: (event) => void events.push(event), preset: 'full' },
  };
  const observeRun = (): Promise<Behaviour> => run((client) => instrumentOpenAI(client, config));
  const observed = fuzzCase.inSpan
    ? await trace
        .getTracer('program')
        .startActiveSpan('program', (span) => observeRun().finally(() => span.end()))
    : await observeRun();
  await telemetry.provider.forceFlush();
  await telemetry.provider.shutdown();
  const metrics = await telemetry.metrics();
  diag.disable();
  const { spans, openSpans, logRecords } = telemetry;
  return { plain, observed, spans, openSpans, metrics, logRecords, events, logged };
}
