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

test('spans go to the provider that is registered, whenever that is, and after a replacement to the new one', () => {
  const telemetry = new Telemetry(settings);
  telemetry.startSpan('early', {}, ROOT_CONTEXT).end();
  const recorded = ['first', 'second'].map((name) => {
    const { provider, spans } = recordTelemetry();
    telemetry.startSpan(name, {}, ROOT_CONTEXT).end();
    expect(telemetry.provider).toBe(provider);
    return spans;
  });
  expect(recorded.map((spans) => spans.map(({ name }) => name))).toEqual([['first'], ['second']]);
  expect(recorded[0]?.[0]?.instrumentationScope).toMatchObject({
    name: 'opentelemetry-instrumentation-openai',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    schemaUrl: expect.stringMatching(/^https:\/\/opentelemetry.io\/schemas\//),
  });
});

test('a provider that is set takes precedence over the registered one', () => {
  const telemetry = new Telemetry(settings);
  trace.setGlobalTracerProvider(new TracerProvider());
  const provider = new TracerProvider();
  telemetry.own.tracerProvider = provider;
  telemetry.startSpan('s', {}, ROOT_CONTEXT).end();
  expect(telemetry.provider).toBe(provider);
});

test('metrics go to the registered provider, even after a no-op one was passed in', async () => {
  const chat = { 'gen_ai.operation.name': 'chat' };
  const recorder = new Metrics();
  recorder.setMeterProvider({ getMeter: () => createNoopMeter() });
  recorder.recordOperation(chat, {}, { seconds: 1 }, ROOT_CONTEXT);
  const telemetry = recordTelemetry();
  recorder.recordOperation(chat, {}, { seconds: 1 }, ROOT_CONTEXT);
  recorder.recordOperation(chat, {}, { seconds: -1, errorType: 'timeout' }, ROOT_CONTEXT);
  const [duration] = await telemetry.metrics();
  expect(duration?.dataPoints).toMatchObject([
    { attributes: chat, value: { sum: 1 } },
    { attributes: { ...chat, 'error.type': 'timeout' }, value: { sum: 0 } },
  ]);
});
