import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import { expect, test } from 'vitest';
import { endpointsOf } from '../../src/util/otel-sdk.ts';

test.each([
  ['https://otlp.example.com', 'otlp.example.com:443'],
  ['https://otlp.example.com:443', 'otlp.example.com:443'],
  ['http://[::1]:4317', '[::1]:4317'],
])('the endpoint of an exporter over gRPC has the port that it connects to: %s', (url, endpoint) => {
  const exporter = new OTLPTraceExporter({ url });
  expect(endpointsOf(new BatchSpanProcessor({ exporter }))).toEqual([endpoint]);
});
