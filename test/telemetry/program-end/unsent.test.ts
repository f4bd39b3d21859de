import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { isTracingSuppressed } from '@opentelemetry/core';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { reportUnsent } from '../../../src/telemetry/program-end/unsent.ts';
import { onConnect, startListening } from '../../support/listening.ts';

const listening = startListening();

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
  return printed(() => unsent.reportUnsent(...given));
}

function printed(report: () => void): string {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  report();
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
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, '(no http://). OTEL_EXPORTER_OTLP_ENDPOINT must start'],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://' }, '(not a URL). OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318 ' }, 'must not end with a space.'],
])('a variable that no exporter can use is reported once: %j', (environment, report) => {
  withEnvironment(environment);
  expect(printed(unsent.reportMalformation)).toContain(report);
  expect(printed(unsent.reportMalformation)).toBe('');
});

test('a well-formed variable is not reported', () => {
  withEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' });
  expect(printed(unsent.reportMalformation)).toBe('');
});

test.each([
  ['ECONNREFUSED', /Is a collector running\? OTEL_EXPORTER_OTLP_TRACES_ENDPOINT sets its address/],
  ['HTTP 401', /\(HTTP 401\)\. To find out why: npx opentelemetry-instrumentation-openai doctor\n$/],
])('the report says what to do: %s', (reason, advice) => {
  withEnvironment({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://localhost:4318/v1/traces' });
  expect(said('http://localhost:4318/v1/traces', reason)).toMatch(advice);
});

test('with a configuration file, the advice names that', () => {
  withEnvironment({ OTEL_CONFIG_FILE: 'otel.yaml' });
  expect(said('http://localhost:4318', 'ECONNREFUSED')).toMatch(
    /\. See the exporter in the file of OTEL_CONFIG_FILE\.\n$/,
  );
});

test.each([
  ['one after the other', 1],
  ['at the same time', 3],
])('failed exports are reported once, and the endpoint is checked once: %s', async (_, together) => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  onTestFinished(() => write.mockRestore());
  const connections: number[] = [];
  onConnect(() => connections.push(connections.length));
  for (let count = 0; count < 3; count++) {
    const reports = Array.from({ length: together }, () =>
      unsent
        .reportFailedExport(`http://${listening()}/v1/traces`, { code: 400 })
        .then(() => expect(write).toHaveBeenCalledOnce()),
    );
    await Promise.all(reports);
  }
  expect(write).toHaveBeenCalledOnce();
  expect(connections).toHaveLength(1);
});

test('a refused connection is known', async () => {
  expect(await unsent.whyUnreachable('http://127.0.0.1:1/v1/traces')).toBe('ECONNREFUSED');
  expect(await unsent.whyUnreachable(`http://${listening()}/v1/traces`)).toBeUndefined();
});

test('the check has no span in a program that instruments `node:net`', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  onTestFinished(() => context.disable());
  const suppressed: boolean[] = [];
  onConnect(() => suppressed.push(isTracingSuppressed(context.active())));
  await unsent.whyUnreachable(`http://${listening()}/v1/traces`);
  expect(suppressed).toEqual([true]);
});
