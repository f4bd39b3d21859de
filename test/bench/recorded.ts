import { createRequire } from 'node:module';
import * as api from '@opentelemetry/api';
import type { MeterProvider } from '@opentelemetry/sdk-metrics';
import OpenAI from 'openai';
import { inMemory } from '../../bench/api/memory.ts';
import type { Case } from '../../bench/cases/index.ts';
import { SAME_BY_HAND } from '../../bench/variants/index.ts';
import { instrumentOpenAI } from '../../src/client.ts';
import { type RecordedTelemetry, recordTelemetry } from '../support/telemetry.ts';

/** They differ from run to run. */
const TIMES: ReadonlySet<string> = new Set([
  'gen_ai.response.time_to_first_chunk',
  'openai.stream.time_to_first_token',
  'openai.stream.chunk_gap_max',
  'openai.stream.chunk_gap_mean',
]);

/**
 * What one operation of a case records, one line each, instrumented by hand or by this package: spans with the name of
 * their parent, metrics with how often each series was fed.
 */
export async function recordCase(by: 'hand' | 'ours', measured: Case): Promise<string[]> {
  const recorded = recordTelemetry({ content: measured.content === true });
  const client = new OpenAI({ apiKey: 'test', maxRetries: 0, ...inMemory(measured.api()) });
  const methods = methodsBelow(OpenAI);
  if (by === 'ours') instrumentOpenAI(client, { cost: false, ...measured.config });
  else instrumentByHand(recorded, measured);
  await api.trace.getTracer('program').startActiveSpan('program', async (span) => {
    await measured.run(client);
    span.end();
  });
  for (const [prototype, own] of methods) Object.defineProperties(prototype, own);
  await recorded.provider.forceFlush();
  return linesOf(recorded);
}

/** It replaces methods of all clients. */
function instrumentByHand({ provider }: RecordedTelemetry, measured: Case): void {
  const telemetry = {
    api,
    tracerProvider: provider,
    meterProvider: api.metrics.getMeterProvider() as MeterProvider,
    ended: 0,
    open: 0,
    inSpan: <Result>(run: () => Promise<Result>) => run(),
  };
  const load = createRequire(import.meta.url);
  const module = { OpenAI } as unknown as typeof import('openai');
  SAME_BY_HAND.prepare({ load, folder: '', telemetry, measured })?.loaded?.(module);
}

/** The methods of the resources' classes, which are static fields of the client's class and of each other. */
function methodsBelow(owner: object): [object, PropertyDescriptorMap][] {
  return Object.values(owner)
    .filter((value) => typeof value === 'function' && value !== owner && value.prototype !== undefined)
    .flatMap((one) => [
      [one.prototype, Object.getOwnPropertyDescriptors(one.prototype)],
      ...methodsBelow(one),
    ]);
}

async function linesOf(recorded: RecordedTelemetry): Promise<string[]> {
  const names = new Map(recorded.spans.map((span) => [span.spanContext().spanId, span.name]));
  const spans = recorded.spans.map(({ name, kind, parentSpanContext, attributes }) =>
    [name, kind, names.get(parentSpanContext?.spanId ?? ''), attributesOf(attributes)].join(' '),
  );
  const points = (await recorded.metrics()).flatMap(({ descriptor, dataPoints }) =>
    dataPoints.map(({ attributes, value }) =>
      [descriptor.name, attributesOf(attributes), typeof value === 'number' ? value : value.count].join(' '),
    ),
  );
  return [...spans.sort(), ...points.sort()];
}

function attributesOf(attributes: object): string {
  const entries = Object.entries(attributes).map(([name, value]) => [
    name,
    TIMES.has(name) ? 'a time' : value,
  ]);
  return JSON.stringify(entries.sort());
}
