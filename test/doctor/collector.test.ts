import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { adviceFor, examineCollector, examineEndpoint } from '../../src/doctor/collector.ts';
import { failureReason } from '../../src/util/failure-reason.ts';
import { listen } from '../support/listening.ts';

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
  [{ ...GRPC, [ENDPOINT]: 'http://localhost:4317 ' }, 'http://localhost:4317'],
  [{ ...GRPC, [ENDPOINT]: 'otlp.example.com:443' }, 'http://otlp.example.com:443'],
])('a well-formed endpoint is ok: %j', (environment, target) => {
  expect(examineEndpoint(environment)).toMatchObject({
    result: 'ok',
    detail: expect.stringContaining(target),
  });
});

test.each([
  [{ [ENDPOINT]: 'localhost:4318' }, ['cannot be used', 'start with http://']],
  [{ ...GRPC, [ENDPOINT]: 'localhost:4317' }, ['speaks TLS', 'Add http://']],
  [{ [ENDPOINT]: 'grpc://localhost:4319' }, ['cannot be used', 'start with http://']],
  [{ [ENDPOINT]: 'http://localhost:4318 ' }, ['cannot be used', 'not end with a space']],
  [{ [ENDPOINT]: '"http://localhost:4318"' }, ['cannot be used', 'not contain quotation marks']],
  [{ ...GRPC, [TRACES]: "'http://localhost:4317'" }, ['cannot be used', 'not contain quotation marks']],
  [{ [ENDPOINT]: 'http://' }, ['cannot be used', 'http://localhost:4318.']],
  [{ [ENDPOINT]: 'http://localhost:99999' }, ['cannot be used', 'http://localhost:4318.']],
  [{ [ENDPOINT]: 'http://localhost:4317' }, ['speak gRPC', 'OTEL_EXPORTER_OTLP_PROTOCOL=grpc.']],
  [{ ...GRPC, [ENDPOINT]: 'http://a b:4317' }, ['cannot be used', 'http://localhost:4318.']],
  [{ ...GRPC, [ENDPOINT]: 'http://localhost:4318' }, ['speak HTTP', 'Use port 4317']],
  [{ [ENDPOINT]: 'http://a:4318/v1/traces' }, ['add /v1/traces', 'Remove /v1/traces.']],
  [{ [ENDPOINT]: 'http://localhost:4318/?token=a' }, ['add /v1/traces behind it', 'Remove it']],
  [{ [TRACES]: 'http://a:4318' }, ['no path', 'Add /v1/traces']],
  // A space at the end hides no other problem.
  [{ [ENDPOINT]: 'http://localhost:4317 ' }, ['cannot be used', '', 'speak gRPC', '']],
  [{ [ENDPOINT]: 'http://a:4318/v1/traces ' }, ['cannot be used', '', 'add /v1/traces', '']],
])('a malformed endpoint is not in use, and reported with its correction: %j', (environment, said) => {
  const { result, detail, findings } = examineEndpoint(environment);
  expect(result).toBe('problem');
  expect(detail).toMatch(/^OTEL_\w+_ENDPOINT cannot be used for (?:http\/protobuf|grpc)$/);
  expect(findings.map(({ code }) => code)).toEqual(
    said.slice(said.length / 2).map(() => 'endpoint_malformed'),
  );
  expect(findings.flatMap(({ message, action }) => [message, action])).toEqual(
    said.map((part) => expect.stringContaining(part)),
  );
});

test.each([
  [{}, 'http/protobuf to http://localhost:4318/v1/traces'],
  [GRPC, 'grpc to http://localhost:4317/'],
])('without an endpoint, the default of exporters is named: %j', (environment, target) => {
  expect(examineEndpoint(environment)).toMatchObject({
    result: 'ok',
    detail: `${ENDPOINT} is not set; exporters send ${target}`,
  });
});

test('credentials are left out', async () => {
  const endpoints = [
    'http://user:secret@host:4317?key=secret',
    'user:secret@localhost:4318/v1/traces',
    'https//user:secret@localhost:4318',
    'https//user%3Asecret%40localhost:4318',
    'http://https//user:secret@localhost:4318/v1/traces',
  ];
  for (const protocol of [{}, GRPC])
    for (const endpoint of endpoints)
      expect(JSON.stringify(examineEndpoint({ ...protocol, [ENDPOINT]: endpoint }))).not.toContain('secret');
  const exporter = 'https://user:secret@host/?api_key=secret';
  const { detail } = await examineCollector({ OTEL_TRACES_EXPORTER: exporter });
  expect(detail).toBe('OTEL_TRACES_EXPORTER is https://host/?api_key=REDACTED');
});

describe('the check of the collector', () => {
  const answering = (status: number): Promise<string> =>
    listen((_, response) => void response.writeHead(status).end());

  async function examined(environment: Readonly<Record<string, string>>): Promise<string> {
    const { result, detail, findings } = await examineCollector(environment);
    const [finding] = findings;
    expect(findings.map(({ code }) => code)).toEqual(
      /^(?:problem|note)$/.test(result) ? ['endpoint_unreachable'] : [],
    );
    return `${result}: ${detail} ${finding?.action ?? ''}`;
  }

  test('sends an empty export with the headers of the environment', async () => {
    const seen: unknown[] = [];
    const address = await listen(({ method, url, headers }, response) => {
      seen.push([method, url, headers['api-key'], headers['content-length']]);
      response.end();
    });
    const environment = { [ENDPOINT]: address, OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b' };
    expect(await examined(environment)).toContain(`ok: ${address}/v1/traces answers (HTTP 200)`);
    expect(seen).toEqual([['POST', '/v1/traces', 'a b', '0']]);
  });

  test.each([
    [302, `problem: .*HTTP 302 Check ${ENDPOINT}`],
    [401, `problem: .*HTTP 401 Check ${ENDPOINT}`],
    [404, `problem: .*HTTP 404 Check ${ENDPOINT}`],
    [429, 'problem: .*HTTP 429 The collector, or a proxy before it, is overloaded'],
    [503, 'problem: .*HTTP 503 The collector, or a proxy before it, is overloaded'],
    [400, 'ok: .*HTTP 400'],
  ])('judges a server that answers with HTTP %i', async (status, said) => {
    expect(await examined({ [ENDPOINT]: await answering(status) })).toMatch(new RegExp(`^${said}`));
  });

  test('judges a server that answers with bytes that are no HTTP', async () => {
    const server = net.createServer((socket) => void socket.end('\0\0\x06\x04\0\0\0\0\0'));
    expect(await examined({ [ENDPOINT]: await listen(server) })).toMatch(
      /^problem: .*HPE_\w+ It does not speak HTTP.*OTEL_EXPORTER_OTLP_PROTOCOL=grpc/,
    );
  });

  test.each([
    ['refuses connections', true, /ECONNREFUSED Is a collector running\?/, /^problem: .*ECONNREFUSED/],
    [
      'never answers',
      false,
      /^problem: .* timeout/,
      /^ok: .* accepts connections; what it answers was not checked/,
    ],
  ])('over HTTP and over gRPC, reports an endpoint that %s', async (_, isClosed, overHttp, overGrpc) => {
    const server = net.createServer(() => undefined);
    const endpoint = { [ENDPOINT]: await listen(server) };
    if (isClosed) await once(server.close(), 'close');
    expect(await examined(endpoint)).toMatch(overHttp);
    expect(await examined({ ...endpoint, ...GRPC })).toMatch(overGrpc);
  });

  test.each(['CERTIFICATE', 'CLIENT_CERTIFICATE', 'TRACES_CLIENT_CERTIFICATE'])(
    'is content with a connection if exporters have a certificate: OTEL_EXPORTER_OTLP_%s',
    async (name) => {
      const endpoint = { [ENDPOINT]: await answering(401) };
      expect(await examined({ ...endpoint, [`OTEL_EXPORTER_OTLP_${name}`]: 'client.pem' })).toMatch(
        /^ok: .* accepts connections; what it answers was not checked/,
      );
    },
  );

  describe.each([
    [{}, 4318, '/v1/traces'],
    [GRPC, 4317, '/'],
  ])('of the default endpoint: %j', (protocol, port, path) => {
    const shown = `http://localhost:${port}${path}`;
    let examinedPort = port;
    /** Connects to another port in place of the default one, where another program of this machine may listen. */
    const connect = net.Socket.prototype.connect as (this: net.Socket, ...given: unknown[]) => net.Socket;
    beforeEach(() => {
      vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (
        this: net.Socket,
        ...given: unknown[]
      ) {
        const [options] = [given[0]].flat() as { port?: unknown }[];
        if (Number(options?.port) === port) Object.assign(options ?? {}, { port: examinedPort });
        return connect.apply(this, given);
      });
    });
    afterEach(() => vi.restoreAllMocks());

    test('says that nothing listens there, which is a problem only if the environment names the exporter', async () => {
      const server = net.createServer();
      examinedPort = Number(new URL(await listen(server)).port);
      await once(server.close(), 'close');
      const { findings, ...check } = await examineCollector(protocol);
      expect(check).toEqual({
        subject: 'collector',
        result: 'note',
        detail: `the default ${shown}: ECONNREFUSED`,
      });
      expect(findings[0]?.message).toBe(
        `Nothing listens at ${shown} (ECONNREFUSED), where exporters send traces unless your code sets another endpoint.`,
      );
      expect(await examined({ ...protocol, OTEL_TRACES_EXPORTER: 'otlp' })).toMatch(/^problem: the default/);
    });

    test('says what listens there', async () => {
      examinedPort = Number(new URL(await answering(404)).port);
      const { result, detail } = await examineCollector(protocol);
      expect([result, detail]).toEqual(
        path === '/'
          ? ['ok', `the default ${shown} accepts connections; what it answers was not checked`]
          : ['note', `the default ${shown}: HTTP 404`],
      );
      examinedPort = Number(new URL(await answering(200)).port);
      expect(await examined(protocol)).toMatch(/^ok: the default/);
    });
  });

  test('connects to no endpoint that is malformed, replaced by a file, or behind a proxy, or not used', async () => {
    const address = await listen(() => expect.unreachable('a request was sent'));
    const used = { [ENDPOINT]: address };
    for (const environment of [
      { [ENDPOINT]: address.slice('http://'.length) },
      { [ENDPOINT]: `${address}/v1/traces` },
      { [ENDPOINT]: 'http://127.0.0.1:4317' },
      { ...used, OTEL_CONFIG_FILE: 'otel.yaml' },
      { ...used, HTTP_PROXY: 'http://proxy:3128' },
      { ...used, OTEL_TRACES_EXPORTER: 'console' },
    ])
      expect(await examined(environment)).toMatch(/^skipped: /);
    expect(examineEndpoint({ ...used, OTEL_CONFIG_FILE: 'otel.yaml' }).result).toBe('skipped');
  });
});

const SETTINGS = /^Check OTEL_EXPORTER_OTLP_ENDPOINT/;
const CERTIFICATES = /^Check the certificates: OTEL_EXPORTER_OTLP_CERTIFICATE/;
const CLIENT_CERTIFICATE = /OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE/;

test.each([
  [503, /overloaded/],
  [302, SETTINGS],
  [401, SETTINGS],
  ['ERR_INVALID_CHAR', /OTEL_EXPORTER_OTLP_HEADERS/],
  ['HPE_INVALID_CONSTANT', /OTEL_EXPORTER_OTLP_PROTOCOL=grpc/],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', CERTIFICATES],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', CERTIFICATES],
  ['CERT_HAS_EXPIRED', CERTIFICATES],
  ['ERR_TLS_CERT_ALTNAME_INVALID', CERTIFICATES],
  ['CERT_REVOKED', CERTIFICATES],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', CLIENT_CERTIFICATE],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', CLIENT_CERTIFICATE],
  ['EPROTO', /http:\/\/ instead of https/],
  ['ECONNREFUSED', /^Is a collector running/],
])('says what to do about an export that failed with %s', (code, advice) => {
  const reason = failureReason({ code });
  expect(reason).toBe(typeof code === 'number' ? `HTTP ${code}` : code);
  expect(adviceFor(reason, {})).toMatch(advice);
});

test('says what to do about an export that was given up, whose error has no code', () => {
  const reason = failureReason({ name: 'OTLPExporterError', message: 'Export failed with retryable status' });
  expect(reason).toBe('HTTP 429, 502, 503 or 504');
  expect(adviceFor(reason, {})).toMatch(/overloaded/);
});

test.each(['HTTP 404', 'ECONNREFUSED'])('the advice names the variable that is set: %s', (reason) => {
  expect(adviceFor(reason, { [TRACES]: 'http://localhost:4318' })).toContain(TRACES);
});
