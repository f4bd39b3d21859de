import { expect, test } from 'vitest';
import { adviceFor } from '../../src/doctor/export-advice.ts';
import { failureReason } from '../../src/telemetry/program-end/unsent.ts';

test.each(['HTTP 404', 'ECONNREFUSED'])('the advice names the variable that is set: %s', (reason) => {
  const environment = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://localhost:4318' };
  expect(adviceFor(reason, environment)).toContain('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
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
