import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Observer } from '../../src/pipeline/observer.ts';
import { Call } from '../../src/sdk/call.ts';
import { type RecordedTelemetry, recordTelemetry } from '../support/telemetry.ts';
import { collectWarnings } from '../support/warnings.ts';

let telemetry: RecordedTelemetry;
let warnings: string[] = [];
beforeEach(() => {
  telemetry = recordTelemetry();
  warnings = collectWarnings();
});
afterEach(() => {
  context.disable();
});

const CLIENT = { baseURL: 'https://api.openai.com/v1' };

/** A call that has begun and is in progress. */
function begin(observer: Observer, method: string = 'get', path: string = '/models'): Call {
  observer.prepare();
  const call = new Call(CLIENT, observer, ROOT_CONTEXT);
  call.begin({ method, path });
  return call;
}

describe('calls in progress', () => {
  test('that a shutdown ends are marked, and have neither a status nor a duration, which nobody knows', async () => {
    const observer = new Observer();
    const measured = async (): Promise<unknown[]> =>
      (await telemetry.metrics())
        .filter(({ descriptor }) => descriptor.name === 'gen_ai.client.operation.duration')
        .flatMap<unknown>(({ dataPoints }) => dataPoints);
    begin(observer, 'post', '/chat/completions');
    await telemetry.provider.shutdown();
    expect(await measured()).toEqual([]);
    expect(telemetry.spans).toMatchObject([
      { status: { code: 0 }, attributes: { 'openai.call.interrupted': true } },
    ]);
    begin(observer, 'post', '/chat/completions').apply('value', { id: 'chatcmpl_1', choices: [{}] });
    expect(await measured()).toMatchObject([{ value: { count: 1 } }]);
  });

  test('that have an answer, which nobody has asked for, are not marked', async () => {
    const call = begin(new Observer(), 'post', '/chat/completions');
    call.responded({ status: 200 });
    await telemetry.provider.shutdown();
    expect(telemetry.spans[0]?.attributes).not.toHaveProperty(['openai.call.interrupted']);
  });

  test('end when the observer is disposed of, which restores the provider', () => {
    const observer = new Observer();
    const call = begin(observer);
    expect(Object.getOwnPropertyNames(telemetry.provider)).toContain('shutdown');
    observer.dispose();
    expect(call.outcome !== undefined).toBe(true);
    expect(Object.getOwnPropertyNames(telemetry.provider)).not.toContain('shutdown');
  });

  test('that begin after the observer is disposed of have no span, until it is enabled', () => {
    const observer = new Observer();
    observer.prepare();
    const call = new Call(CLIENT, observer, ROOT_CONTEXT);
    observer.dispose();
    call.begin({ method: 'get', path: '/models' });
    call.apply('value', {});
    expect([telemetry.spans, telemetry.openSpans]).toEqual([[], []]);
    observer.enable();
    begin(observer).apply('value', {});
    expect(telemetry.spans.map(({ name }) => name)).toEqual(['GET /models']);
  });
});

test('the provider may be registered after the first calls', async () => {
  trace.disable();
  const observer = new Observer();
  begin(observer).apply('value', {});
  const late = new TracerProvider();
  trace.setGlobalTracerProvider(late);
  const call = begin(observer);
  await late.shutdown();
  expect(call.outcome).toBe('interrupted');
});

describe('settings', () => {
  test('that withhold content do so each time they are set, and are reported once', () => {
    const withheld = { completionHook: { default: () => undefined } as never, captureMessageContent: true };
    const observer = new Observer(withheld);
    begin(observer).apply('value', {});
    expect(observer.settings.captureMessageContent).toBe('NO_CONTENT');
    observer.configure({ completionHook: Promise.resolve(() => undefined) as never });
    observer.configure({ captureMessageContent: 'SPAN_ONLY', completionHook: () => undefined });
    expect(observer.settings.captureMessageContent).toBe('SPAN_ONLY');
    observer.configure(withheld);
    expect(observer.settings.captureMessageContent).toBe('NO_CONTENT');
    const told =
      'opentelemetry-instrumentation-openai: option completionHook is malformed; accepted: functions. No content is recorded. Correct or remove it.';
    expect(warnings.filter((text) => text.includes('completionHook'))).toEqual([told]);
  });

  test('that are changed apply from the next call on', () => {
    const observer = new Observer();
    begin(observer).apply('value', {});
    observer.configure({ apiSpans: 'none' });
    begin(observer).apply('value', {});
    expect(telemetry.spans).toHaveLength(1);
  });

  test.each([
    ['all', 'GET', true],
    ['all', 'POST', true],
    ['writes', 'GET', false],
    ['writes', 'POST', true],
    ['none', 'POST', false],
  ] as const)('apiSpans=%s: %s requests have spans: %s', (apiSpans, method, expected) => {
    begin(new Observer({ apiSpans }), method, '/files').apply('value', {});
    expect(telemetry.spans.length === 1).toBe(expected);
  });

  test('of API spans do not affect model operations', () => {
    begin(new Observer({ apiSpans: 'none' }), 'post', '/chat/completions').apply('value', {});
    expect(telemetry.spans.map(({ name }) => name)).toEqual(['chat']);
  });
});
