import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { sdkProblems } from '../../src/config/environment.ts';
import { otlpPackage, otlpProcessors, wantsOtlp, withExportTimeout } from '../../src/export/otlp-exporter.ts';
import { sdkConfiguration, wantsTree } from '../../src/register/exporters.ts';
import type { Environment } from '../../src/util/variables.ts';

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

describe('the span exporter beside the tree', () => {
  const otlp = (transport: string): string => `@opentelemetry/exporter-trace-otlp-${transport}`;
  test.each<[Environment, string?]>([
    [{}],
    [{ OTEL_TRACES_EXPORTER: 'console' }],
    [{ OTEL_TRACES_EXPORTER: 'console', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector' }],
    [{ OTEL_TRACES_EXPORTER: 'console,otlp' }, otlp('proto')],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector' }, otlp('proto')],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://collector' }],
    [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      otlp('grpc'),
    ],
    [
      {
        OTEL_TRACES_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      },
      otlp('http'),
    ],
    [{ OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'pigeon' }, otlp('proto')],
  ])('%j: %s', (environment, name) => {
    expect(wantsOtlp(environment) ? otlpPackage(environment) : undefined).toBe(name);
  });
});

describe('metrics and logs beside the tree', () => {
  const require = createRequire(import.meta.url);
  const silenced = (environment: Environment): string[] => {
    const { spanProcessors, ...rest } = sdkConfiguration(environment, true, require);
    expect(spanProcessors?.length).toBeGreaterThan(0);
    return Object.keys(rest);
  };

  test('go nowhere without an endpoint', () => {
    expect(silenced({})).toEqual(['metricReaders', 'logRecordProcessors']);
    expect(silenced({ OTEL_TRACES_EXPORTER: 'console' })).toEqual(['metricReaders', 'logRecordProcessors']);
  });

  test('go to the endpoint that is set', () => {
    expect(silenced({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://collector' })).toEqual([
      'logRecordProcessors',
    ]);
    expect(silenced({ OTEL_LOGS_EXPORTER: 'otlp' })).toEqual(['metricReaders']);
    expect(silenced({ OTEL_METRICS_EXPORTER: 'none' })).toEqual(['logRecordProcessors']);
  });

  test('are left to NodeSDK without the tree', () => {
    const configuration = sdkConfiguration({ OTEL_TRACES_EXPORTER: 'otlp' }, false, require);
    expect(Object.keys(configuration)).toEqual(['spanProcessors']);
  });

  test.each<[Environment, boolean]>([
    [{ OTEL_TRACES_EXPORTER: 'none' }, false],
    [{ OTEL_TRACES_EXPORTER: 'otlp,jaeger' }, false],
    [{ OTEL_TRACES_EXPORTER: 'otlp,zipkin' }, true],
  ])('like everything else, with %j, terminal: %s', (environment, terminal) => {
    expect(sdkConfiguration(environment, terminal, require)).toEqual({});
  });
});

describe('an export', () => {
  const timeoutIn = (environment: NodeJS.ProcessEnv): string | undefined =>
    withExportTimeout(environment, () => environment.OTEL_EXPORTER_OTLP_TIMEOUT);

  test('takes two seconds at most, as long as the end of the program waits', () => {
    const environment = {};
    expect(timeoutIn(environment)).toBe('2000');
    expect(environment).toEqual({});
  });

  test('takes as long as the user sets', () => {
    expect(timeoutIn({ OTEL_EXPORTER_OTLP_TIMEOUT: '7' })).toBe('7');
  });

  test('restores the environment if the start fails', () => {
    const environment = {};
    const fail = (): never => {
      throw new Error('no SDK');
    };
    expect(() => withExportTimeout(environment, fail)).toThrow('no SDK');
    expect(environment).toEqual({});
  });
});

describe('a page', () => {
  const require = createRequire(import.meta.url);
  const count = (environment: Environment): number | undefined =>
    sdkConfiguration(environment, false, require).spanProcessors?.length;
  const OTEL_INSTRUMENTATION_OPENAI_PAGE = 'traces.html';

  test('is written to the file in the variable', () => {
    const OTEL_TRACES_EXPORTER = 'console';
    expect(count({ OTEL_TRACES_EXPORTER })).toBe(1);
    expect(count({ OTEL_TRACES_EXPORTER, OTEL_INSTRUMENTATION_OPENAI_PAGE: ' ' })).toBe(1);
    expect(count({ OTEL_INSTRUMENTATION_OPENAI_PAGE })).toBe(1);
  });

  test('is written beside trees and exporters', () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318';
    const OTEL_TRACES_EXPORTER = 'console,otlp';
    expect(
      count({ OTEL_INSTRUMENTATION_OPENAI_PAGE, OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT }),
    ).toBe(3);
  });
});

describe('the sizes and times of batches', () => {
  const require = createRequire(import.meta.url);
  const batching = (environment: NodeJS.ProcessEnv): unknown => otlpProcessors(environment, require)[0];

  test('are those of the environment', () => {
    expect(batching({ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '7', OTEL_BSP_SCHEDULE_DELAY: ' 250 ' })).toMatchObject(
      {
        _maxExportBatchSize: 7,
        _scheduledDelayMillis: 250,
      },
    );
  });

  test.each(['0.5', '-1', '0', 'NaN', 'many', ''])('are whole numbers from 1: not %j', (value) => {
    expect(batching({ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: value })).toMatchObject({ _maxExportBatchSize: 512 });
  });

  test('are no longer than a timer can wait', () => {
    expect(batching({ OTEL_BSP_SCHEDULE_DELAY: '99999999999' })).toMatchObject({
      _scheduledDelayMillis: 2 ** 31 - 1,
    });
  });
});

test.each([
  ['Console', '"Console"'],
  ['otlp, jaeger', '"jaeger"'],
  ['\u001b[2J', '"␛[2J"'],
  ['https://me:hunter2@host.test', '"https://host.test/"'],
  ['http://host.test/?api_key=hunter2', '"http://host.test/?api_key=REDACTED"'],
  ['api-key=a1b2c3d4e5f6', '"api-key=REDACTED"'],
])('OTEL_TRACES_EXPORTER=%j names no exporter that is known', (OTEL_TRACES_EXPORTER, shown) => {
  expect(sdkProblems({ OTEL_TRACES_EXPORTER })).toEqual([
    `OTEL_TRACES_EXPORTER names ${shown}, which is unknown, so it exports nothing; accepted: otlp, console, zipkin, none.`,
  ]);
});

test.each(['OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'])(
  '%s=htp names no protocol that is known',
  (name) => {
    expect(sdkProblems({ [name]: 'htp' })).toEqual([
      `${name} is "htp"; accepted: grpc, http/json, http/protobuf. http/protobuf is used.`,
    ]);
    expect(sdkProblems({ [name]: ' grpc ' })).toEqual([]);
  },
);

test('the exporters that OTEL_TRACES_EXPORTER may name are known', () => {
  for (const OTEL_TRACES_EXPORTER of [undefined, '', ' ', 'otlp,console', 'zipkin', 'none'])
    expect(sdkProblems({ OTEL_TRACES_EXPORTER })).toEqual([]);
});
