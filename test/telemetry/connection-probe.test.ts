import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { isTracingSuppressed } from '@opentelemetry/core';
import { expect, onTestFinished, test } from 'vitest';
import { sendFailureOf } from '../../src/telemetry/connection-probe.ts';
import { adviceFor } from '../../src/telemetry/export-advice.ts';
import { onConnect, startListening } from '../support/listening.ts';

const listening = startListening();

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

test('an endpoint that ends with a space is malformed, as exporters append a path to it', async () => {
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${listening()} ` };
  const reason = 'space at the end';
  const endpoint = `http://${listening()}/v1/traces`;
  expect(await sendFailureOf(endpoint, environment)).toEqual({ endpoint, reason });
  expect(adviceFor(reason, environment)).toBe('OTEL_EXPORTER_OTLP_ENDPOINT must not end with a space.');
});

test('with a configuration file, a malformed variable is no failure', async () => {
  const environment = { OTEL_CONFIG_FILE: 'otel.yaml', OTEL_EXPORTER_OTLP_ENDPOINT: listening() };
  expect(await sendFailureOf(`${listening()}/v1/traces`, environment)).toBeUndefined();
});
