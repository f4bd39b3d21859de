import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { reportUnsent, sendFailureOf } from '../../src/telemetry/collector.ts';

let server: Server;
beforeAll(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => void server.close());

const listening = (): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;

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

test('the report shows an endpoint without http:// as it is set, and without credentials', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  reportUnsent('user:secret@localhost:4318/v1/traces', 'no http://');
  const said = write.mock.calls.map(([text]) => String(text)).join('');
  write.mockRestore();
  expect(said).toMatch(
    /could not send traces to localhost:4318\/v1\/traces \(no http:\/\/\)\. OTEL_EXPORTER_OTLP_ENDPOINT must start/,
  );
});
