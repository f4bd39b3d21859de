import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import {
  type Environment,
  exportersBesideTree,
  sdkConfiguration,
  wantsTree,
  withUnnamedCollector,
} from '../../../src/register/exporters.ts';

describe('whether trees are printed', () => {
  test.each<[Environment, boolean, boolean]>([
    [{}, true, true],
    [{}, false, false],
    [{ OTEL_TRACES_EXPORTER: 'console' }, false, true],
    [{ OTEL_TRACES_EXPORTER: ' otlp , console ' }, false, true],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, false, false],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, true, true],
    [{ OTEL_TRACES_EXPORTER: 'none' }, true, false],
    [{ OTEL_TRACES_EXPORTER: 'console,none' }, true, false],
  ])('%j, terminal: %s', (environment, terminal, wanted) => {
    expect(wantsTree(environment, terminal)).toBe(wanted);
  });
});

describe('what gets the spans beside the tree', () => {
  const otlp = (transport: string): string => `@opentelemetry/exporter-trace-otlp-${transport}`;
  test.each<[Environment, string[]]>([
    [{}, []],
    [{ OTEL_TRACES_EXPORTER: 'console' }, []],
    [{ OTEL_TRACES_EXPORTER: 'console', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector' }, []],
    [{ OTEL_TRACES_EXPORTER: 'console,otlp' }, [otlp('proto')]],
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, ['@opentelemetry/exporter-zipkin']],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector' }, [otlp('proto')]],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://collector' }, []],
    [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      [otlp('grpc')],
    ],
    [
      {
        OTEL_TRACES_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      },
      [otlp('http')],
    ],
    [{ OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'pigeon' }, [otlp('proto')]],
  ])('%j: %j', (environment, packages) => {
    expect(exportersBesideTree(environment).map(([name]) => name)).toEqual(packages);
  });
});

describe('metrics and logs beside the tree', () => {
  const require = createRequire(import.meta.url);
  const silenced = (environment: Environment): string[] => {
    const { spanProcessors, ...rest } = sdkConfiguration(environment, true, require);
    expect(spanProcessors?.length).toBeGreaterThan(0);
    return Object.keys(rest);
  };

  test('go nowhere where nobody named a place', () => {
    expect(silenced({})).toEqual(['metricReaders', 'logRecordProcessors']);
    expect(silenced({ OTEL_TRACES_EXPORTER: 'console' })).toEqual(['metricReaders', 'logRecordProcessors']);
  });

  test('go where they are asked for', () => {
    expect(silenced({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://collector' })).toEqual([
      'logRecordProcessors',
    ]);
    expect(silenced({ OTEL_LOGS_EXPORTER: 'otlp' })).toEqual(['metricReaders']);
    expect(silenced({ OTEL_METRICS_EXPORTER: 'none' })).toEqual(['logRecordProcessors']);
  });

  test('without the tree everything is as the environment says', () => {
    expect(sdkConfiguration({ OTEL_TRACES_EXPORTER: 'otlp' }, false, require)).toEqual({});
  });
});

describe('a collector on this machine', () => {
  const timeoutIn = (environment: NodeJS.ProcessEnv): string | undefined =>
    withUnnamedCollector(environment, () => environment.OTEL_EXPORTER_OTLP_TIMEOUT);

  test('is not waited for where nobody named one', () => {
    const environment = {};
    expect(timeoutIn(environment)).toBe('1000');
    expect(environment).toEqual({});
  });

  test.each<NodeJS.ProcessEnv>([
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' },
    { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://localhost:4318' },
    { OTEL_EXPORTER_OTLP_TIMEOUT: '7' },
  ])('is waited for as %j says', (environment) => {
    expect(timeoutIn({ ...environment })).toBe(environment.OTEL_EXPORTER_OTLP_TIMEOUT);
  });

  test('the environment is as before when the start fails', () => {
    const environment = {};
    const fail = (): never => {
      throw new Error('no SDK');
    };
    expect(() => withUnnamedCollector(environment, fail)).toThrow('no SDK');
    expect(environment).toEqual({});
  });
});

describe('a page', () => {
  const require = createRequire(import.meta.url);
  const count = (environment: Environment): number | undefined =>
    sdkConfiguration(environment, false, require).spanProcessors?.length;
  const OTEL_INSTRUMENTATION_OPENAI_PAGE = 'traces.html';

  test('is written where a file is named for it', () => {
    expect(count({})).toBeUndefined();
    expect(count({ OTEL_INSTRUMENTATION_OPENAI_PAGE: ' ' })).toBeUndefined();
    expect(count({ OTEL_INSTRUMENTATION_OPENAI_PAGE })).toBe(1);
  });

  test('stands beside trees, and beside what is sent', () => {
    expect(count({ OTEL_INSTRUMENTATION_OPENAI_PAGE, OTEL_TRACES_EXPORTER: 'console,otlp' })).toBe(3);
  });
});
