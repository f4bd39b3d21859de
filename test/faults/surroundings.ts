import { context, type DiagLogger, DiagLogLevel, diag, logs, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { instrumentOpenAI } from '../../src/client.ts';
import { act } from '../fuzz/act.ts';
import { soundAnswers } from '../fuzz/cases.ts';
import type { FuzzProgram } from '../fuzz/programs.ts';
import type { Recorded } from '../fuzz/recordings.ts';
import { wireOf } from '../fuzz/wire.ts';
import { SpanCounter } from '../support/span-counter.ts';
import { broken, type Fault } from './faults.ts';

/** What a program has seen and sent. */
export interface Behaviour {
  readonly seen: readonly unknown[];
  readonly requests: readonly string[];
}

export async function runPlain(program: FuzzProgram, recorded: readonly Recorded[]): Promise<Behaviour> {
  const { fetch, requests } = wireOf(soundAnswers(recorded));
  return { seen: await act(program, newClient(fetch), program.body), requests };
}

interface FaultyRun {
  readonly behaviour: Behaviour;
  /** Flushes and shuts the provider down. */
  end(): Promise<{ readonly started: number; readonly open: readonly string[] }>;
}

/** The same with the instrumentation, in surroundings that are faulty. */
export async function runFaulty(
  program: FuzzProgram,
  recorded: readonly Recorded[],
  fault: Fault,
): Promise<FaultyRun> {
  const { fetch, requests } = wireOf(soundAnswers(recorded));
  // The first processor: it counts before anything else can fail.
  const counts = new SpanCounter();
  const provider = setUp(fault, counts);
  const client = instrumentOpenAI(newClient(fetch), { cost: false, ...fault.config });
  const seen = await act(program, client, program.body);
  const end = async (): Promise<{ started: number; open: readonly string[] }> => {
    // Who flushes or shuts a provider down hears of what is wrong with it.
    const flushed = provider.forceFlush().catch(() => undefined);
    if (fault.flushWaits !== true) await flushed;
    await Promise.all([flushed, provider.shutdown().catch(() => undefined)]);
    diag.disable();
    return { started: counts.started, open: counts.open };
  };
  return { behaviour: { seen, requests }, end };
}

function newClient(fetch: typeof globalThis.fetch): OpenAI {
  return new OpenAI({ apiKey: 'test', maxRetries: 0, logLevel: 'off', fetch });
}

function setUp(fault: Fault, counts: SpanCounter): TracerProvider {
  const { sampler, idGenerator, processor } = fault;
  const provider = new TracerProvider({
    spanProcessors: [counts, ...(processor === undefined ? [] : [processor()])],
    ...(sampler === undefined ? {} : { sampler }),
    ...(idGenerator === undefined ? {} : { idGenerator }),
  });
  for (const api of [trace, metrics, logs, context, diag]) api.disable();
  const contextManager = new AsyncLocalStorageContextManager();
  context.setGlobalContextManager(fault.contextManager?.(contextManager) ?? contextManager);
  trace.setGlobalTracerProvider(fault.tracerProvider?.(provider) ?? provider);
  if (fault.meterProvider !== undefined) metrics.setGlobalMeterProvider(fault.meterProvider());
  if (fault.loggerProvider !== undefined) logs.setGlobalLoggerProvider(fault.loggerProvider());
  if (fault.diagThrows === true)
    diag.setLogger(THROWING_LOGGER, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  return provider;
}

/** OpenTelemetry itself logs much at other levels, and cannot be set up with a logger that throws there. */
const THROWING_LOGGER: DiagLogger = {
  error: () => undefined,
  warn: broken,
  info: () => undefined,
  debug: () => undefined,
  verbose: () => undefined,
};
