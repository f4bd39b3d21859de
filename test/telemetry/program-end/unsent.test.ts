import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { reportUnsent } from '../../../src/telemetry/program-end/unsent.ts';

/** Reports once in each copy of the package. */
let unsent: typeof import('../../../src/telemetry/program-end/unsent.ts');
beforeEach(async () => {
  vi.resetModules();
  unsent = await import('../../../src/telemetry/program-end/unsent.ts');
});

function withEnvironment(environment: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** What is printed about a failure. */
function said(...given: Parameters<typeof reportUnsent>): string {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  unsent.reportUnsent(...given);
  const text = write.mock.calls.map(([written]) => String(written)).join('');
  write.mockRestore();
  return text;
}

test('the report shows an endpoint without credentials', () => {
  expect(said('http://user:secret@localhost:4318/v1/traces', 'HTTP 401')).toContain(
    'could not send traces to http://localhost:4318/v1/traces (HTTP 401). ',
  );
});

test.each([
  ['ECONNREFUSED', /Is a collector running\? OTEL_EXPORTER_OTLP_TRACES_ENDPOINT sets its address/],
  ['HTTP 401', /\(HTTP 401\)\. To find out why: npx opentelemetry-instrumentation-openai doctor\n$/],
])('the report says what to do: %s', (reason, advice) => {
  withEnvironment({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://localhost:4318/v1/traces' });
  expect(said('http://localhost:4318/v1/traces', reason)).toMatch(advice);
});

test.each([
  ['http://localhost:4317', 'has port 4317, where collectors speak gRPC. Use port 4318, or '],
  ['http://localhost:4318/v1/traces', 'ends in /v1/traces, and exporters add /v1/traces to it. Remove '],
])('the report says what is wrong with the endpoint that is set: %s', (endpoint, mistake) => {
  withEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  expect(said(`${endpoint}/v1/traces`, 'ECONNREFUSED')).toContain(
    `(ECONNREFUSED). OTEL_EXPORTER_OTLP_ENDPOINT ${mistake}`,
  );
});

test('the report blames no variable for an endpoint that it does not set', () => {
  withEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4317' });
  expect(said('http://other:4318/v1/traces', 'ECONNREFUSED')).toContain('Is a server running there?');
});

test('with a configuration file, the advice names that', () => {
  withEnvironment({ OTEL_CONFIG_FILE: 'otel.yaml' });
  expect(said('http://localhost:4318', 'ECONNREFUSED')).toMatch(
    /\. See the exporter in the file of OTEL_CONFIG_FILE\.\n$/,
  );
});

test('an endpoint that cannot be read has not timed out because another one has', () => {
  unsent.noteTimeout('localhost:4318');
  expect(unsent.hasJustTimedOut()).toBe(true);
  expect(unsent.hasJustTimedOut('http://localhost:4318/v1/traces')).toBe(true);
  expect(unsent.hasJustTimedOut('http://[')).toBe(false);
});

test('only the first report is printed', () => {
  expect(said('http://localhost:4318', 'HTTP 401')).not.toBe('');
  expect(said('http://localhost:4319', 'HTTP 401')).toBe('');
});
