import { describe, expect, test } from 'vitest';
import { examineEndpoint } from '../../src/doctor/endpoint.ts';

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
    [{ [ENDPOINT]: 'localhost:4318' }, 'without http://', 'http://localhost:4318.'],
    [{ ...GRPC, [ENDPOINT]: 'localhost:4317' }, 'speaks TLS', 'http://localhost:4317.'],
    [{ [ENDPOINT]: 'grpc://localhost:4317' }, 'neither http://', 'http://localhost:4318.'],
    [{ [ENDPOINT]: 'http://localhost:4318 ' }, 'ends with a space', 'Remove it.'],
    [{ [ENDPOINT]: '"http://localhost:4318"' }, 'contains quotation marks', 'Remove them'],
    [{ ...GRPC, [TRACES]: "'http://localhost:4317'" }, 'contains quotation marks', 'Remove them'],
    [{ [ENDPOINT]: 'http://' }, 'not a URL', 'http://localhost:4318.'],
    [{ [ENDPOINT]: 'http://localhost:4317' }, 'speak gRPC', 'OTEL_EXPORTER_OTLP_PROTOCOL=grpc.'],
    [{ ...GRPC, [ENDPOINT]: 'http://localhost:4318' }, 'speak HTTP', 'Use port 4317'],
    [{ [ENDPOINT]: 'http://a:4318/v1/traces' }, 'add /v1/traces', 'Use http://a:4318.'],
    [{ [TRACES]: 'http://a:4318' }, 'no path', 'Use http://a:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http' }, 'not an OTLP protocol', 'http/protobuf'],
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
    expect.stringContaining('ends with a space'),
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
