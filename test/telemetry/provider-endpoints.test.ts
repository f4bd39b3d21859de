import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { endpointsIn } from '../../src/telemetry/provider-endpoints.ts';

const require = createRequire(import.meta.url);

describe('the endpoint of a provider', () => {
  test.each([
    ['@opentelemetry/exporter-trace-otlp-proto', 'http://127.0.0.1:4318/v1/traces'],
    ['@opentelemetry/exporter-trace-otlp-http', 'https://collector.example/v1/traces'],
    ['@opentelemetry/exporter-trace-otlp-grpc', 'http://[::1]:4317'],
  ])('is found in the exporter of %s', (name, url) => {
    const { OTLPTraceExporter } = require(name);
    const provider = { processors: [{ exporter: new OTLPTraceExporter({ url }) }] };
    expect(endpointsIn(provider)).toEqual([name.endsWith('grpc') ? '[::1]:4317' : url]);
  });

  test('is not guessed, and no code is called to find it', () => {
    const touchy = {
      get url(): string {
        throw new Error('called');
      },
      address: 'Main Street 5',
    };
    const circle: { self?: object; touchy: object } = { touchy };
    circle.self = circle;
    expect(endpointsIn(circle)).toEqual([]);
  });
});
