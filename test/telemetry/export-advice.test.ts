import { describe, expect, test } from 'vitest';
import { adviceFor, failureReason } from '../../src/telemetry/export-advice.ts';
import { malformationIn } from '../../src/telemetry/otlp-environment.ts';

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
