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
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  unsent.reportUnsent(...given);
  const text = write.mock.calls.map(([written]) => String(written)).join('');
  write.mockRestore();
  return text;
}

test('the report shows an endpoint without http:// as it is set, and without credentials', () => {
  const endpoint = 'user:secret@localhost:4318/v1/traces';
  expect(said({ endpoint, reason: 'no http://' })).toMatch(
    /could not send traces to localhost:4318\/v1\/traces \(no http:\/\/\)\. OTEL_EXPORTER_OTLP_ENDPOINT must start/,
  );
});

test.each([
  ['not a URL', 'traces', /^.*OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be a URL/],
  ['ECONNREFUSED', 'traces', /Is a collector running\? OTEL_EXPORTER_OTLP_TRACES_ENDPOINT sets its address/],
  ['ECONNREFUSED', 'metrics', /Is a collector running\? OTEL_EXPORTER_OTLP_ENDPOINT sets its address/],
  [
    'HTTP 401',
    'traces',
    /\(HTTP 401\)\. To find out why: npx opentelemetry-instrumentation-openai doctor\n$/,
  ],
] as const)('the report says what to do: %s of %s', (reason, signal, advice) => {
  withEnvironment({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://' });
  expect(said({ endpoint: 'http://localhost:4318/v1/traces', reason }, signal)).toMatch(advice);
});

test('with a configuration file, the advice names that', () => {
  withEnvironment({ OTEL_CONFIG_FILE: 'otel.yaml' });
  expect(said({ endpoint: 'http://localhost:4318', reason: 'ECONNREFUSED' })).toMatch(
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

test('a variable without http:// is a failure, although somebody listens there', async () => {
  withEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: listening() });
  const endpoint = `${listening()}/v1/traces`;
  expect(await unsent.sendFailureOf(endpoint)).toEqual({ endpoint, reason: 'no http://' });
});

test.each([
  ['of an exporter that got it in code', () => ({})],
  ['over gRPC', () => ({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: listening() })],
])('an address without http:// is none %s', async (_, environment) => {
  withEnvironment(environment());
  expect(await unsent.sendFailureOf(listening())).toBeUndefined();
});

test('a refused connection is a failure', async () => {
  const endpoint = 'http://127.0.0.1:1/v1/traces';
  expect(await unsent.sendFailureOf(endpoint)).toEqual({ endpoint, reason: 'ECONNREFUSED' });
});

test('the check has no span in a program that instruments `node:net`', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  onTestFinished(() => context.disable());
  const suppressed: boolean[] = [];
  onConnect(() => suppressed.push(isTracingSuppressed(context.active())));
  await unsent.sendFailureOf(`http://${listening()}/v1/traces`);
  expect(suppressed).toEqual([true]);
});

test('an endpoint that ends with a space is malformed, as exporters append a path to it', async () => {
  withEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://${listening()} ` });
  const reason = 'space at the end';
  const endpoint = `http://${listening()}/v1/traces`;
  expect(await unsent.sendFailureOf(endpoint)).toEqual({ endpoint, reason });
  expect(said({ endpoint, reason })).toContain('OTEL_EXPORTER_OTLP_ENDPOINT must not end with a space.');
});

test('with a configuration file, a malformed variable is no failure', async () => {
  withEnvironment({ OTEL_CONFIG_FILE: 'otel.yaml', OTEL_EXPORTER_OTLP_ENDPOINT: listening() });
  expect(await unsent.sendFailureOf(`${listening()}/v1/traces`)).toBeUndefined();
});
