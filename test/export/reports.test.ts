import { createRequire } from 'node:module';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { listen, onConnect } from '../support/listening.ts';

const require = createRequire(import.meta.url);

/** Reports once in each copy of the package. */
let exporters: typeof import('../../src/export/otlp-exporter.ts');
beforeEach(async () => {
  vi.resetModules();
  exporters = await import('../../src/export/otlp-exporter.ts');
});

/** The processors for these variables, and what they print. */
function create(environment: NodeJS.ProcessEnv): { processors: unknown[]; printed: readonly string[] } {
  const printed: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
  onTestFinished(() => write.mockRestore());
  const all = { OTEL_TRACES_EXPORTER: 'otlp', ...environment };
  return { processors: exporters.otlpProcessors(all, require), printed };
}

test.each([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, 'traces. OTEL_EXPORTER_OTLP_ENDPOINT must start'],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://' }, 'traces. OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318 ' }, 'must not end with a space.'],
])('a variable that no exporter can use is reported once: %j', (environment, report) => {
  expect(create(environment).printed).toEqual([expect.stringContaining(report)]);
  expect(create(environment).printed).toEqual([]);
});

test('a well-formed variable is not reported', () => {
  expect(create({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }).printed).toEqual([]);
});

interface Processor {
  readonly _exporter: {
    export(spans: readonly unknown[], done: () => void): void;
    forceFlush(): Promise<void>;
  };
}

test.each([
  ['one after the other', 1],
  ['at the same time', 3],
])('failed exports are reported once, and the endpoint is checked once: %s', async (_, together) => {
  const origin = await listen((_, response) => void response.writeHead(400).end());
  const connections: number[] = [];
  onConnect(() => connections.push(connections.length));
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', origin);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { processors, printed } = create(process.env);
  const { _exporter: exporter } = processors[0] as Processor;
  for (let count = 0; count < 3; count++) {
    for (let each = 0; each < together; each++) exporter.export([], () => undefined);
    await exporter.forceFlush();
    expect(printed).toEqual([
      expect.stringContaining(`could not send traces to ${origin}/v1/traces (HTTP 400). `),
    ]);
  }
  expect(connections).toHaveLength(1);
});
