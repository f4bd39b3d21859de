/**
 * Runs one operation of a case and prints as JSON what is recorded of it: by hand with `node recorded.ts hand <case>`,
 * by this package with `ours`. Spans come with the name of their parent, metrics with how often each series was fed.
 */

import { createRequire } from 'node:module';
import * as api from '@opentelemetry/api';
import type { MeterProvider } from '@opentelemetry/sdk-metrics';
import OpenAI from 'openai';
import { inMemory } from '../../../bench/api/memory.ts';
import { CASES } from '../../../bench/cases/index.ts';
import { SAME_BY_HAND } from '../../../bench/variants/index.ts';
import { instrumentOpenAI } from '../../../src/client.ts';
import { recordTelemetry } from '../../support/telemetry.ts';

/** They differ from run to run. */
const TIMES: ReadonlySet<string> = new Set([
  'gen_ai.response.time_to_first_chunk',
  'openai.stream.chunk_gap_max',
  'openai.stream.chunk_gap_mean',
]);

const [, , by, name] = process.argv;
const measured = CASES.find((other) => other.name === name);
if (measured === undefined) throw new Error(`There is no case ${name}`);

const recorded = recordTelemetry({ content: measured.content === true });
const module = { OpenAI } as unknown as typeof import('openai');
const client = new OpenAI({ apiKey: 'test', maxRetries: 0, ...inMemory(measured.api()) });
const tracer = api.trace.getTracer('program');
const load = createRequire(import.meta.url);
if (by === 'ours') instrumentOpenAI(client, { cost: false, ...measured.config });
else {
  const telemetry = {
    api,
    tracerProvider: recorded.provider,
    meterProvider: api.metrics.getMeterProvider() as MeterProvider,
    ended: 0,
    open: 0,
    inSpan: <Result>(run: () => Promise<Result>) => run(),
  };
  SAME_BY_HAND.prepare({ load, folder: '', telemetry, measured })?.loaded?.(module);
}

await tracer.startActiveSpan('program', async (span) => {
  await measured.run(client);
  span.end();
});
await recorded.provider.forceFlush();

/** Whole messages would make the difference unreadable. */
const shortened = (value: unknown): unknown =>
  typeof value === 'string' && value.length > 200 ? `${value.slice(0, 200)}… (${value.length})` : value;
const attributesOf = (attributes: object): string =>
  JSON.stringify(
    Object.entries(attributes)
      .map(([attribute, value]) => [attribute, TIMES.has(attribute) ? 'a time' : shortened(value)])
      .sort(),
  );
const names = new Map(recorded.spans.map((span) => [span.spanContext().spanId, span.name]));
const spans = recorded.spans.map((span) =>
  [span.name, span.kind, names.get(span.parentSpanContext?.spanId ?? ''), attributesOf(span.attributes)].join(
    ' ',
  ),
);
const points = (await recorded.metrics()).flatMap(({ descriptor, dataPoints }) =>
  dataPoints.map(({ attributes, value }) =>
    [descriptor.name, attributesOf(attributes), typeof value === 'number' ? value : value.count].join(' '),
  ),
);
console.log(JSON.stringify([...spans.sort(), ...points.sort()]));
