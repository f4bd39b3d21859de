import { context, logs, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type LogRecordProcessor,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Events, type Logger } from '../../../src/telemetry/events/log-records.ts';
import { NAME, VERSION } from '../../../src/util/version.ts';
import { startProgram } from '../../support/program.ts';

const API_LOGS = Symbol.for('io.opentelemetry.js.api.logs');
const globals = globalThis as unknown as Record<symbol, unknown>;

/** A real provider, and what it was given. */
class Recorded {
  readonly exporter = new InMemoryLogRecordExporter();
  readonly provider: LoggerProvider;

  constructor(processor?: LogRecordProcessor) {
    const processors = [processor ?? new SimpleLogRecordProcessor({ exporter: this.exporter })];
    this.provider = new LoggerProvider({ processors });
  }

  get names(): (string | undefined)[] {
    return this.exporter.getFinishedLogRecords().map(({ eventName }) => eventName);
  }

  /** As the `@opentelemetry/api-logs` package does it. */
  registerWithApiLogs(): void {
    globals[API_LOGS] = (version: number) => (version === 1 ? this.provider : undefined);
  }
}

function emit(events: Events, name: string = 'one'): boolean {
  const wanted = events.wanted(name, ROOT_CONTEXT);
  events.emit({ name, context: ROOT_CONTEXT, attributes: {}, time: 1_700_000_000_000 });
  return wanted;
}

beforeEach(() => {
  logs.disable();
  delete globals[API_LOGS];
});
afterEach(() => {
  logs.disable();
  delete globals[API_LOGS];
});

describe('an event is a log record', () => {
  test('of the provider registered with the API, at any time', () => {
    const events = new Events();
    const recorded = new Recorded();
    expect(emit(events, 'early')).toBe(false);
    logs.setGlobalLoggerProvider(recorded.provider);
    expect(emit(events)).toBe(true);
    expect(recorded.names).toEqual(['one']);
  });

  test('timed in seconds and nanoseconds: older SDKs take a small number for a reading of their own clock', () => {
    const emitted: object[] = [];
    const events = new Events();
    events.setLoggerProvider({ getLogger: () => ({ emit: (record) => emitted.push(record) }) });
    emit(events);
    expect(emitted).toMatchObject([{ timestamp: [1_700_000_000, 0] }]);
  });

  test('of the provider registered with @opentelemetry/api-logs, at any time', () => {
    const events = new Events();
    const recorded = new Recorded();
    expect(emit(events, 'early')).toBe(false);
    recorded.registerWithApiLogs();
    expect(emit(events)).toBe(true);
    expect(recorded.names).toEqual(['one']);
  });

  test('of the provider that was set, whatever is registered', () => {
    const events = new Events();
    const [set, registered] = [new Recorded(), new Recorded()];
    logs.setGlobalLoggerProvider(registered.provider);
    events.setLoggerProvider(set.provider);
    emit(events);
    expect([set.names, registered.names]).toEqual([['one'], []]);
  });

  test.each([
    ['the API', (recorded: Recorded) => void logs.setGlobalLoggerProvider(recorded.provider)],
    ['@opentelemetry/api-logs', (recorded: Recorded) => recorded.registerWithApiLogs()],
  ])('of one registered with %s if a placeholder was set, as before an SDK starts', (_, register) => {
    const events = new Events();
    const recorded = new Recorded();
    events.setLoggerProvider(logs.getLoggerProvider());
    register(recorded);
    emit(events);
    expect(recorded.names).toEqual(['one']);
  });

  test('of the newer provider after a replacement', () => {
    const events = new Events();
    const [first, second] = [new Recorded(), new Recorded()];
    first.registerWithApiLogs();
    emit(events);
    second.registerWithApiLogs();
    emit(events, 'two');
    expect([first.names, second.names]).toEqual([['one'], ['two']]);
  });

  test('in the scope of the instrumentation, with its time', () => {
    const recorded = new Recorded();
    logs.setGlobalLoggerProvider(recorded.provider);
    emit(new Events());
    const [record] = recorded.exporter.getFinishedLogRecords();
    expect(record?.instrumentationScope).toMatchObject({ name: NAME, version: VERSION });
    expect(record?.hrTime).toEqual([1_700_000_000, 0]);
    expect(record?.severityNumber).toBeUndefined();
  });
});

describe('no event is built', () => {
  test('if no processor accepts it', () => {
    const recorded = new Recorded({
      enabled: ({ eventName }) => eventName === 'one',
      onEmit: () => undefined,
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    });
    logs.setGlobalLoggerProvider(recorded.provider);
    const events = new Events();
    expect([events.wanted('one', ROOT_CONTEXT), events.wanted('two', ROOT_CONTEXT)]).toEqual([true, false]);
  });

  test('after the provider was shut down', async () => {
    const recorded = new Recorded();
    logs.setGlobalLoggerProvider(recorded.provider);
    const events = new Events();
    expect(emit(events)).toBe(true);
    await recorded.provider.shutdown();
    expect(emit(events)).toBe(false);
  });
});

test('an older logger, which has no enabled(), receives every event', () => {
  const emitted: object[] = [];
  const logger: Logger = { emit: (record) => void emitted.push(record) };
  const events = new Events();
  events.setLoggerProvider({ getLogger: () => logger });
  expect(emit(events)).toBe(true);
  expect(emitted).toHaveLength(1);
});

test('suppressed calls have no events', async () => {
  const { client, telemetry, simulator } = await startProgram({
    eventContent: true,
    config: { captureMessageContent: 'EVENT_ONLY' },
  });
  simulator.next({ status: 500, body: {} });
  await context.with(suppressTracing(context.active()), async () => {
    await client.chat.completions.create({ model: 'm', messages: [] }).catch(() => undefined);
    await client.chat.completions.create({ model: 'm', messages: [] });
  });
  expect(telemetry.logRecords).toEqual([]);
});
