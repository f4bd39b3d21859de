import { describe, expect, test } from 'vitest';
import { adviceFor, examineCollector, examineEndpoint } from '../../src/doctor/collector.ts';
import { failureReason } from '../../src/util/export-result.ts';

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const TRACES = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
const GRPC = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };

test.each([
  [{ [ENDPOINT]: 'http://localhost:4318' }, 'http://localhost:4318/v1/traces'],
  [{ [ENDPOINT]: 'https://otlp.example.com/otlp/' }, 'https://otlp.example.com/otlp/v1/traces'],
  [{ [TRACES]: 'http://localhost:4318/v1/traces' }, 'http://localhost:4318/v1/traces'],
  // Exporters remove these spaces.
  [{ [TRACES]: 'http://localhost:4318/v1/traces ' }, 'http://localhost:4318/v1/traces'],
  [{ [ENDPOINT]: ' http://localhost:4318' }, 'http://localhost:4318/v1/traces'],
  [{ ...GRPC, [ENDPOINT]: 'http://localhost:4317 ' }, 'http://localhost:4317/'],
  [{ ...GRPC, [ENDPOINT]: 'http://localhost:4317' }, 'http://localhost:4317/'],
  [{ ...GRPC, [ENDPOINT]: 'otlp.example.com:443' }, 'http://otlp.example.com:443/'],
])('a well-formed endpoint is ok: %j', (environment, target) => {
  expect(examineEndpoint(environment)).toMatchObject({
    result: 'ok',
    detail: expect.stringContaining(target.replace(/\/$/, '')),
  });
});

describe('a malformed endpoint is reported with its correction:', () => {
  test.each([
    [{ [ENDPOINT]: 'localhost:4318' }, 'no http://', 'start with http://'],
    [{ ...GRPC, [ENDPOINT]: 'localhost:4317' }, 'speaks TLS', 'Add http://'],
    [{ [ENDPOINT]: 'grpc://localhost:4319' }, 'no http://', 'start with http://'],
    [{ [ENDPOINT]: 'http://localhost:4318 ' }, 'space at the end', 'not end with a space'],
    [{ [ENDPOINT]: '"http://localhost:4318"' }, 'quotation marks', 'not contain quotation marks'],
    [{ ...GRPC, [TRACES]: "'http://localhost:4317'" }, 'quotation marks', 'not contain quotation marks'],
    [{ [ENDPOINT]: 'http://' }, 'not a URL', 'http://localhost:4318.'],
    [{ [ENDPOINT]: 'http://localhost:4317' }, 'speak gRPC', 'OTEL_EXPORTER_OTLP_PROTOCOL=grpc.'],
    [{ ...GRPC, [ENDPOINT]: 'http://localhost:4318' }, 'speak HTTP', 'Use port 4317'],
    [{ [ENDPOINT]: 'http://a:4318/v1/traces' }, 'add /v1/traces', 'Remove /v1/traces.'],
    [{ [TRACES]: 'http://a:4318' }, 'no path', 'Add /v1/traces'],
  ])('%j', (environment, problem, remedy) => {
    const { result, findings } = examineEndpoint(environment);
    expect(result).toBe('problem');
    expect(findings).toEqual([expect.objectContaining({ code: 'endpoint_malformed' })]);
    expect(findings[0]?.message).toContain(problem);
    expect(findings[0]?.action).toContain(remedy);
  });
});

test.each([
  ['http://localhost:4317 ', 'speak gRPC'],
  ['http://a:4318/v1/traces ', 'add /v1/traces'],
])('a space at the end hides no other problem: %j', (endpoint, problem) => {
  const { findings } = examineEndpoint({ [ENDPOINT]: endpoint });
  expect(findings.map(({ message }) => message)).toEqual([
    expect.stringContaining('space at the end'),
    expect.stringContaining(problem),
  ]);
});

test('without an endpoint the check is not made', () => {
  expect(examineEndpoint({})).toMatchObject({ result: 'skipped', findings: [] });
});

test.each(['localhost:4318', 'http://localhost:99999', 'http://localhost:4318 '])(
  'a malformed endpoint is not in use: %s',
  (endpoint) => {
    expect(examineEndpoint({ [ENDPOINT]: endpoint }).detail).toBe(
      `${ENDPOINT} cannot be used for http/protobuf`,
    );
  },
);

test('credentials are left out', () => {
  const endpoints = [
    'http://user:secret@host:4317?key=secret',
    'user:secret@localhost:4318/v1/traces',
    'https//user:secret@localhost:4318',
    'https//user%3Asecret%40localhost:4318',
    'http://https//user:secret@localhost:4318/v1/traces',
  ];
  const protocols = [{}, GRPC];
  const said = endpoints.flatMap((each) =>
    protocols.map((protocol) => JSON.stringify(examineEndpoint({ ...protocol, [ENDPOINT]: each }))),
  );
  expect(said.join()).not.toContain('secret');
});

test('credentials in the name of an exporter are left out', async () => {
  const { detail } = await examineCollector({
    OTEL_TRACES_EXPORTER: 'https://user:secret@host/?api_key=secret',
  });
  expect(detail).toBe('OTEL_TRACES_EXPORTER is https://host/?api_key=REDACTED');
});

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
  [
    { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    /^Check the certificates: OTEL_EXPORTER_OTLP_CERTIFICATE/,
  ],
  [{ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', /^Check the certificates/],
  [{ code: 'CERT_HAS_EXPIRED' }, 'CERT_HAS_EXPIRED', /^Check the certificates/],
  [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'ERR_TLS_CERT_ALTNAME_INVALID', /^Check the certificates/],
  [{ code: 'CERT_REVOKED' }, 'CERT_REVOKED', /^Check the certificates/],
  [{ code: 'CERT_NOT_YET_VALID' }, 'CERT_NOT_YET_VALID', /^Check the certificates/],
  [{ code: 'CERT_SIGNATURE_FAILURE' }, 'CERT_SIGNATURE_FAILURE', /^Check the certificates/],
  [
    { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' },
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    /OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE/,
  ],
  [
    { code: 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE' },
    'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
    /OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE/,
  ],
  [{ code: 'EPROTO' }, 'EPROTO', /http:\/\/ instead of https/],
  [{ code: 'ECONNREFUSED' }, 'ECONNREFUSED', /^Is a collector running/],
])('an export that failed with %j: %s, and what to do', (error, reason, advice) => {
  expect(failureReason(error)).toBe(reason);
  expect(adviceFor(reason, {})).toMatch(advice);
});
