import { createNoopMeter, metrics, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveSettings } from '../../src/config/config.ts';
import { Metrics } from '../../src/telemetry/metrics/metrics.ts';
import { Telemetry } from '../../src/telemetry/telemetry.ts';
import { recordTelemetry } from '../support/telemetry.ts';

const settings = resolveSettings({}, () => undefined, {});

beforeEach(() => {
  trace.disable();
  metrics.disable();
});
afterEach(() => {
  trace.disable();
  metrics.disable();
});

/** The provider that the tracer’s spans belong to. */
function used(telemetry: Telemetry, providers: Record<string, TracerProvider>): string | undefined {
  telemetry.startSpan('s', {}, ROOT_CONTEXT).end();
  return Object.keys(providers).find((name) => providers[name] === telemetry.provider);
}

test('spans go to the registered provider, whenever it is registered', () => {
  const telemetry = new Telemetry(settings);
  expect(telemetry.startSpan('s', {}, ROOT_CONTEXT).isRecording()).toBe(false);
  const first = new TracerProvider();
  trace.setGlobalTracerProvider(first);
  expect(telemetry.startSpan('s', {}, ROOT_CONTEXT).isRecording()).toBe(true);
  expect(used(telemetry, { first })).toBe('first');
});

test('spans go to the new provider after a replacement', async () => {
  const telemetry = new Telemetry(settings);
  const first = recordTelemetry();
  telemetry.startSpan('first', {}, ROOT_CONTEXT).end();
  const second = recordTelemetry();
  telemetry.startSpan('second', {}, ROOT_CONTEXT).end();
  expect([first, second].map(({ spans }) => spans.map(({ name }) => name))).toEqual([['first'], ['second']]);
});

test('a provider that is set takes precedence over the registered one', () => {
  const telemetry = new Telemetry(settings);
  const [registered, set] = [new TracerProvider(), new TracerProvider()];
  trace.setGlobalTracerProvider(registered);
  telemetry.setTracerProvider(set);
  expect(used(telemetry, { registered, set })).toBe('set');
});

test('the scope has a name, a version and a schema', () => {
  const telemetry = new Telemetry(settings);
  const recorded = recordTelemetry();
  telemetry.startSpan('s', {}, ROOT_CONTEXT).end();
  expect(recorded.spans[0]?.instrumentationScope).toMatchObject({
    name: 'opentelemetry-instrumentation-openai',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    schemaUrl: expect.stringMatching(/^https:\/\/opentelemetry.io\/schemas\//),
  });
});

test('metrics go to the registered provider, even after a no-op one was passed in', async () => {
  const recorder = new Metrics();
  recorder.setMeterProvider({ getMeter: () => createNoopMeter() });
  recorder.recordOperation({ 'gen_ai.operation.name': 'chat' }, {}, { seconds: 1 }, ROOT_CONTEXT);
  const telemetry = recordTelemetry();
  recorder.recordOperation({ 'gen_ai.operation.name': 'chat' }, {}, { seconds: 1 }, ROOT_CONTEXT);
  recorder.recordOperation(
    { 'gen_ai.operation.name': 'chat' },
    {},
    { seconds: -1, errorType: 'timeout' },
    ROOT_CONTEXT,
  );
  const [duration] = await telemetry.metrics();
  expect(
    duration?.dataPoints.map(({ attributes, value }) => [attributes, (value as { sum: number }).sum]),
  ).toEqual([
    [{ 'gen_ai.operation.name': 'chat' }, 1],
    [{ 'gen_ai.operation.name': 'chat', 'error.type': 'timeout' }, 0],
  ]);
});
