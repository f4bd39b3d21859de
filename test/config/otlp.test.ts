import { expect, test } from 'vitest';
import { addressWithoutSecrets, malformationIn } from '../../src/config/otlp.ts';

test.each(['https//user:secret@localhost:4318/v1/traces', 'https:/user:secret@localhost:4318/v1/traces'])(
  'an address without secrets has none of a path that may be a password: %s',
  (endpoint) => {
    expect(addressWithoutSecrets(endpoint)).not.toContain('secret');
  },
);

test.each(['http://127.0.0.1:99999', 'http://', 'http://a b:4318'])(
  'an endpoint that is no URL is malformed: %s',
  (endpoint) => {
    expect(malformationIn({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toBe('not a URL');
    const grpc = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
    expect(malformationIn(grpc)).toBe('not a URL');
  },
);
