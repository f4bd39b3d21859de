import { logs, ROOT_CONTEXT } from '@opentelemetry/api';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type LogRecordProcessor,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Events } from '../../../src/telemetry/events/log-records.ts';
import { NAME, VERSION } from '../../../src/util/version.ts';

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

const REGISTER: readonly (readonly [api: string, register: (recorded: Recorded) => void])[] = [
  ['the API', ({ provider }) => void logs.setGlobalLoggerProvider(provider)],
  ['@opentelemetry/api-logs', (recorded) => recorded.registerWithApiLogs()],
];

describe('an event is a log record', () => {
  test.each(REGISTER)('of the provider registered with %s, at any time', (_, register) => {
    const events = new Events();
    const recorded = new Recorded();
    expect(emit(events, 'early')).toBe(false);
    register(recorded);
    expect(emit(events)).toBe(true);
    expect(recorded.names).toEqual(['one']);
  });

  test.each(REGISTER)('of one registered with %s if a placeholder was set before', (_, register) => {
    const events = new Events();
    const recorded = new Recorded();
    events.setLoggerProvider(logs.getLoggerProvider());
    register(recorded);
    emit(events);
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

  test('of an older logger without enabled(), in seconds and nanoseconds, as older SDKs need it', () => {
    const emitted: object[] = [];
    const events = new Events();
    events.setLoggerProvider({ getLogger: () => ({ emit: (record) => void emitted.push(record) }) });
    expect(emit(events)).toBe(true);
    expect(emitted).toMatchObject([{ timestamp: [1_700_000_000, 0] }]);
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
