import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import {
  AggregationTemporality,
  ConsoleMetricExporter,
  InMemoryMetricExporter,
  InstrumentType,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { CircuitBreakerExporter } from '../../src/export.ts';

type Callback = Parameters<SpanExporter['export']>[1];
type Result = Parameters<Callback>[0];

const OK: Result = { code: 0 };
const DOWN: Result = { code: 1, error: new Error('connection refused') };

/** An exporter that answers as the test says. */
class Backend implements SpanExporter {
  /** What happens to an export: by default it succeeds. */
  answer: (report: Callback) => unknown = (report) => report(OK);
  exports = 0;
  export(_spans: ReadableSpan[], report: Callback): void {
    this.exports++;
    // biome-ignore lint/correctness/noVoidTypeReturn: an exporter in JavaScript may return anything.
    return this.answer(report) as undefined;
  }
  forceFlush(): Promise<void> {
    return Promise.resolve();
  }
  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

let logged: string[] = [];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  logged = [];
  const write = (line: string): void => {
    if (line.startsWith('opentelemetry-instrumentation-openai: ')) logged.push(line);
  };
  diag.setLogger(
    { verbose: write, debug: write, info: write, warn: write, error: write },
    { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
  );
  return () => {
    diag.disable();
    vi.useRealTimers();
  };
});

function start(options?: ConstructorParameters<typeof CircuitBreakerExporter>[1]): {
  backend: Backend;
  exporter: CircuitBreakerExporter<Backend>;
  /** Gives the results that were reported. */
  exportTimes(times: number): Result[];
} {
  const backend = new Backend();
  const exporter = new CircuitBreakerExporter(backend, options);
  const exportTimes = (times: number): Result[] => {
    const results: Result[] = [];
    for (let index = 0; index < times; index++) exporter.export([], (result) => results.push(result));
    return results;
  };
  return { backend, exporter, exportTimes };
}

const fails = (report: Callback): void => report(DOWN);
const broken = (): never => {
  throw new Error('broken');
};

describe('an exporter whose backend is down', () => {
  it('is not called for a minute after ten consecutive failures; dropped data counts as exported', () => {
    const { backend, exporter, exportTimes } = start();
    backend.answer = fails;
    expect(exportTimes(10)).toEqual(Array(10).fill(DOWN));
    expect([exporter.open, vi.getTimerCount()]).toEqual([true, 0]);
    expect(exportTimes(5)).toEqual(Array(5).fill(OK));
    vi.advanceTimersByTime(59_999);
    exportTimes(1);
    expect(backend.exports).toBe(10);
    vi.advanceTimersByTime(1);
    expect(exportTimes(2)).toEqual([DOWN, OK]);
    expect(backend.exports).toBe(11);
  });

  it('is logged once when the breaker opens and once when it closes, with the number dropped since', () => {
    const { backend, exporter } = start();
    const span = { name: 'a span' } as ReadableSpan;
    const exportSpans = (...counts: number[]): void => {
      for (const count of counts) exporter.export(Array(count).fill(span), () => undefined);
    };
    for (const opened of [1, 3]) {
      backend.answer = fails;
      exportSpans(...Array(10).fill(1), 2, 2, 2);
      vi.advanceTimersByTime(60_000);
      exportSpans(1, 1, 1);
      expect(logged).toHaveLength(opened);
      expect(logged.at(-1)).toContain('CircuitBreakerExporter of Backend opens');
      backend.answer = (report) => report(OK);
      vi.advanceTimersByTime(60_000);
      exportSpans(1, 1, 1);
      expect(exporter.open).toBe(false);
      expect(logged).toHaveLength(opened + 1);
      expect(logged.at(-1)).toContain('closes: the backend is back, 8 were dropped');
    }
    expect(exporter.dropped).toBe(16);
    expect(backend.exports).toBe(2 * (10 + 1 + 3));
  });

  it('opens at the configured thresholds', () => {
    const { backend, exportTimes } = start({ failures: 2, pause: 100 });
    backend.answer = fails;
    exportTimes(5);
    vi.advanceTimersByTime(100);
    exportTimes(1);
    expect(backend.exports).toBe(3);
  });
});

describe('an export counts as failed', () => {
  const failures: readonly (readonly [string, (report: Callback) => unknown])[] = [
    ['with a failure code', fails],
    ['if the exporter throws', broken],
    ['if its promise rejects', () => Promise.reject(new Error('broken'))],
    ['without a result', (report) => report(undefined as unknown as Result)],
    ['without an answer within ten seconds', () => undefined],
  ];
  it.each(failures)('%s', async (_, answer) => {
    const { backend, exporter, exportTimes } = start();
    backend.answer = answer;
    const results = exportTimes(10);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(results).toHaveLength(10);
    expect(results.map((result) => result?.code)).not.toContain(OK.code);
    expect(exporter.open).toBe(true);
  });
});

describe('an answer', () => {
  it('counts once if it comes twice', () => {
    const { backend, exporter, exportTimes } = start();
    backend.answer = (report) => {
      report(DOWN);
      report(DOWN);
      report(OK);
    };
    expect(exportTimes(9)).toHaveLength(9);
    expect(exporter.open).toBe(false);
    exportTimes(1);
    expect(exporter.open).toBe(true);
  });

  it('after the timeout is reported as a failure once, but counts if it is a success', () => {
    const { backend, exporter, exportTimes } = start();
    const late: Callback[] = [];
    backend.answer = (report) => late.push(report);
    for (let index = 0; index < 15; index++) {
      const results = exportTimes(1);
      vi.advanceTimersByTime(10_000);
      expect(results).toEqual([{ code: 1, error: new Error('no answer within 10000 ms') }]);
      late.at(-1)?.(OK);
      expect(results).toHaveLength(1);
    }
    expect(exporter.open).toBe(false);
  });

  it('after the timeout that is a failure counts once', () => {
    const { backend, exporter, exportTimes } = start();
    const late: Callback[] = [];
    backend.answer = (report) => late.push(report);
    exportTimes(9);
    vi.advanceTimersByTime(10_000);
    for (const report of late) report(DOWN);
    expect(exporter.open).toBe(false);
  });

  it('may take longer with a longer timeout', () => {
    const { backend, exportTimes } = start({ timeout: Number.POSITIVE_INFINITY });
    backend.answer = () => undefined;
    const results = exportTimes(1);
    vi.advanceTimersByTime(86_400_000);
    expect(results).toEqual([]);
  });

  it('that never comes does not keep the process alive', () => {
    const program = `
      import { CircuitBreakerExporter } from './src/export.ts';
      const hangs = { export() {}, shutdown: async () => {} };
      new CircuitBreakerExporter(hangs, { timeout: 3_600_000 }).export([], () => {});
    `;
    const options = { cwd: join(import.meta.dirname, '..', '..'), timeout: 20_000 };
    const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], options);
    expect(status).toBe(0);
  });

  it('reaches a callback that throws without affecting the exporter', () => {
    const { backend, exporter } = start();
    const thrown = vi.fn();
    backend.answer = (report) => {
      try {
        report(OK);
      } catch (error) {
        thrown(error);
      }
    };
    exporter.export([], broken);
    expect(thrown).not.toHaveBeenCalled();
  });
});

describe('shutdown and forceFlush', () => {
  it('call those of the exporter and pass on its errors', async () => {
    const { backend, exporter } = start();
    const flush = vi.spyOn(backend, 'forceFlush');
    const shutdown = vi.spyOn(backend, 'shutdown').mockRejectedValue(new Error('no'));
    await exporter.forceFlush();
    expect(flush).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
    await expect(exporter.shutdown()).rejects.toThrow('no');
    expect(shutdown).toHaveBeenCalledOnce();
  });

  it.each(['forceFlush', 'shutdown'] as const)(
    '%s waits for an exporter that hangs until the timeout',
    async (method) => {
      const { backend, exporter } = start({ timeout: 50 });
      vi.spyOn(backend, method).mockReturnValue(new Promise(() => undefined));
      await expect(exporter[method]()).resolves.toBeUndefined();
      expect(logged).toEqual([expect.stringContaining(`${method} takes longer than 50 ms`)]);
    },
  );

  it('do not wait while the breaker is open, but shut the exporter down, and never reject', async () => {
    const { backend, exporter, exportTimes } = start();
    backend.answer = fails;
    exportTimes(10);
    const flush = vi.spyOn(backend, 'forceFlush');
    const shutdown = vi.spyOn(backend, 'shutdown').mockReturnValue(new Promise(() => undefined));
    await exporter.forceFlush();
    await exporter.shutdown();
    expect(flush).not.toHaveBeenCalled();
    expect(shutdown).toHaveBeenCalledOnce();
    shutdown.mockImplementation(broken);
    await expect(exporter.shutdown()).resolves.toBeUndefined();
  });
});

describe('with the SDK', () => {
  beforeEach(() => vi.useRealTimers());

  it('metrics are read with the selectors of the exporter, and data points are counted', async () => {
    const memory = new InMemoryMetricExporter(AggregationTemporality.DELTA);
    const exporter = new CircuitBreakerExporter(memory, { failures: 1 });
    expect(exporter.selectAggregationTemporality?.(InstrumentType.COUNTER)).toBe(
      AggregationTemporality.DELTA,
    );
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 });
    const provider = new MeterProvider({ readers: [reader] });
    const counter = provider.getMeter('test').createCounter('calls');
    counter.add(1, { model: 'a' });
    await provider.forceFlush();
    expect(memory.getMetrics()[0]?.scopeMetrics[0]?.metrics[0]?.aggregationTemporality).toBe(
      AggregationTemporality.DELTA,
    );
    vi.spyOn(memory, 'export').mockImplementation((_, report) => report(DOWN));
    counter.add(1, { model: 'a' });
    await provider.forceFlush();
    counter.add(1, { model: 'a' });
    counter.add(1, { model: 'b' });
    await provider.forceFlush();
    expect(exporter.dropped).toBe(2);
    await provider.shutdown();
  });

  it('an exporter without selectors gets none', () => {
    const { exporter } = start();
    expect('selectAggregation' in exporter).toBe(false);
    expect('selectAggregationTemporality' in exporter).toBe(false);
    const metrics = new CircuitBreakerExporter(new ConsoleMetricExporter());
    expect('selectAggregationTemporality' in metrics).toBe(true);
  });
});
