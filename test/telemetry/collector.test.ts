import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, NetConnectOpts } from 'node:net';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { isTracingSuppressed } from '@opentelemetry/core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  addressWithoutSecrets,
  adviceFor,
  failureReason,
  malformationIn,
  reportUnsent,
  sendFailureOf,
} from '../../src/telemetry/collector.ts';

let server: Server;
beforeAll(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => void server.close());

const listening = (): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Calls something for each connection that is opened during a test. */
function onConnect(listener: () => void): void {
  const net = process.getBuiltinModule('node:net');
  const connect = net.connect.bind(net);
  const spy = vi.spyOn(net, 'connect').mockImplementation(((options: NetConnectOpts) => {
    listener();
    return connect(options);
  }) as typeof net.connect);
  onTestFinished(() => spy.mockRestore());
}

test('a variable without http:// is a failure, although somebody listens there', async () => {
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: listening() };
  const endpoint = `${listening()}/v1/traces`;
  expect(await sendFailureOf(endpoint, environment)).toEqual({ endpoint, reason: 'no http://' });
});

test.each([
  ['of an exporter that got it in code', () => ({})],
  ['over gRPC', () => ({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: listening() })],
])('an address without http:// is none %s', async (_, environment) => {
  expect(await sendFailureOf(listening(), environment())).toBeUndefined();
});

test('a refused connection is a failure', async () => {
  const endpoint = 'http://127.0.0.1:1/v1/traces';
  expect(await sendFailureOf(endpoint, {})).toEqual({ endpoint, reason: 'ECONNREFUSED' });
});

test('the check has no span in a program that instruments `node:net`', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  onTestFinished(() => context.disable());
  const suppressed: boolean[] = [];
  onConnect(() => suppressed.push(isTracingSuppressed(context.active())));
  await sendFailureOf(`http://${listening()}/v1/traces`, {});
  expect(suppressed).toEqual([true]);
});

test('the report shows an endpoint without http:// as it is set, and without credentials', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  reportUnsent('user:secret@localhost:4318/v1/traces', 'no http://');
  const said = write.mock.calls.map(([text]) => String(text)).join('');
  write.mockRestore();
  expect(said).toMatch(
    /could not send traces to localhost:4318\/v1\/traces \(no http:\/\/\)\. OTEL_EXPORTER_OTLP_ENDPOINT must start/,
  );
});

test.each([
  ['one after the other', 1],
  ['at the same time', 3],
])('failed exports are reported once, and the endpoint is checked once: %s', async (_, together) => {
  vi.resetModules();
  const { reportFailedExport } = await import('../../src/telemetry/collector.ts');
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  onTestFinished(() => write.mockRestore());
  const connections: number[] = [];
  onConnect(() => connections.push(connections.length));
  for (let count = 0; count < 3; count++) {
    const reports = Array.from({ length: together }, () =>
      reportFailedExport(`http://${listening()}/v1/traces`, { code: 400 }, {}).then(() =>
        expect(write).toHaveBeenCalledOnce(),
      ),
    );
    await Promise.all(reports);
  }
  expect(write).toHaveBeenCalledOnce();
  expect(connections).toHaveLength(1);
});

test.each(['https//user:secret@localhost:4318/v1/traces', 'https:/user:secret@localhost:4318/v1/traces'])(
  'an address without secrets has none of a path that may be a password: %s',
  (endpoint) => {
    expect(addressWithoutSecrets(endpoint)).not.toContain('secret');
  },
);

describe('an endpoint that is no URL', () => {
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:99999' };

  test.each(['http://127.0.0.1:99999', 'http://', 'http://a b:4318'])('is malformed: %s', (endpoint) => {
    expect(malformationIn({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toBe('not a URL');
    const grpc = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
    expect(malformationIn(grpc)).toBe('not a URL');
  });

  test('is reported by the variable that set it', () => {
    const traces = { ...environment, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://' };
    expect(adviceFor('not a URL', traces)).toMatch(/^OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be a URL/);
  });
});

test('an endpoint that ends with a space is malformed, as exporters append a path to it', async () => {
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${listening()} ` };
  const reason = 'space at the end';
  const endpoint = `http://${listening()}/v1/traces`;
  expect(await sendFailureOf(endpoint, environment)).toEqual({ endpoint, reason });
  expect(adviceFor(reason, environment)).toBe('OTEL_EXPORTER_OTLP_ENDPOINT must not end with a space.');
});

test.each([
  ['HTTP 404', 'See'],
  ['HPE_INVALID_CONSTANT', 'It does not speak HTTP: see'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'Its certificate is not trusted: see'],
  ['ECONNREFUSED', 'Is a collector running? See'],
])('with a configuration file, the advice names that: %s', (reason, start) => {
  const environment = {
    OTEL_CONFIG_FILE: 'otel.yaml',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://localhost:4318',
  };
  const advice = `${start} the exporter in the file of OTEL_CONFIG_FILE.`;
  expect([adviceFor(reason, environment), adviceFor(reason, environment, 'metrics')]).toEqual([
    advice,
    advice,
  ]);
});

test('with a configuration file, a malformed variable is no failure', async () => {
  const environment = { OTEL_CONFIG_FILE: 'otel.yaml', OTEL_EXPORTER_OTLP_ENDPOINT: listening() };
  expect(await sendFailureOf(`${listening()}/v1/traces`, environment)).toBeUndefined();
});

test.each(['HTTP 404', 'ECONNREFUSED'])('the advice names the variable that is set: %s', (reason) => {
  const environment = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://localhost:4318' };
  expect(adviceFor(reason, environment)).toContain('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  expect(adviceFor(reason, environment, 'metrics')).not.toContain('TRACES');
});

test.each([
  [
    { name: 'OTLPExporterError', message: 'Export failed with retryable status' },
    'HTTP 429, 502, 503 or 504',
    /overloaded/,
  ],
  [{ code: 503 }, 'HTTP 503', /overloaded/],
  [{ code: 302 }, 'HTTP 302', /^Check OTEL_EXPORTER_OTLP_ENDPOINT/],
  [{ code: 401 }, 'HTTP 401', /^Check OTEL_EXPORTER_OTLP_ENDPOINT/],
  [{ code: 'ERR_INVALID_CHAR' }, 'ERR_INVALID_CHAR', /OTEL_EXPORTER_OTLP_HEADERS/],
  [{ code: 'HPE_INVALID_CONSTANT' }, 'HPE_INVALID_CONSTANT', /OTEL_EXPORTER_OTLP_PROTOCOL=grpc/],
  [{ code: 4 }, 'gRPC 4', /^It does not answer/],
  [{ code: 7 }, 'gRPC 7', /OTEL_EXPORTER_OTLP_HEADERS/],
  [{ code: 8 }, 'gRPC 8', /overloaded, or the batch/],
  [{ code: 16 }, 'gRPC 16', /OTEL_EXPORTER_OTLP_HEADERS/],
  [
    { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    /^Its certificate is not trusted: set OTEL_EXPORTER_OTLP_CERTIFICATE/,
  ],
  [
    { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    /^Its certificate is not trusted/,
  ],
  [{ code: 'CERT_HAS_EXPIRED' }, 'CERT_HAS_EXPIRED', /expired/],
  [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'ERR_TLS_CERT_ALTNAME_INVALID', /another host/],
  [{ code: 'CERT_REVOKED' }, 'CERT_REVOKED', /^Its certificate is not valid/],
  [{ code: 'CERT_NOT_YET_VALID' }, 'CERT_NOT_YET_VALID', /^Its certificate is not valid/],
  [{ code: 'CERT_SIGNATURE_FAILURE' }, 'CERT_SIGNATURE_FAILURE', /^Its certificate is not valid/],
  [
    { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' },
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    /OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY/,
  ],
  [
    { code: 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE' },
    'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
    /OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY/,
  ],
  [{ code: 14 }, 'gRPC 14', /gRPC on port 4317, and HTTP on port 4318/],
  [{ code: 'EPROTO' }, 'EPROTO', /http:\/\/ instead of https/],
  [{ code: 'ECONNREFUSED' }, 'ECONNREFUSED', /^Is a collector running/],
])('an export that failed with %j: %s, and what to do', (error, reason, advice) => {
  expect(failureReason(error)).toBe(reason);
  expect(adviceFor(reason, {})).toMatch(advice);
});
