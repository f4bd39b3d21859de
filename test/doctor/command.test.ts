import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterEach, describe, expect, test } from 'vitest';
import { VERSION } from '../../src/util/version.ts';
import { useSimulator } from '../support/lanes/api.ts';
import { PACKAGE_NAME, ROOT } from '../support/lanes/paths.ts';
import { CALL, type Ended, useProject } from '../support/project.ts';

/** What a user sees: programs that are set up in a wrong way, and what the command says of their projects. */
const simulator = useSimulator();
const project = useProject();

const APP = `import OpenAI from 'openai';\n${CALL}`;
const TELEMETRY = `
  import { NodeSDK } from '@opentelemetry/sdk-node';
  import { OpenAIInstrumentation } from '${PACKAGE_NAME}';
  new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] }).start();
`;

function doctor(
  parameters: readonly string[] = [],
  environment?: Readonly<Record<string, string>>,
): Promise<Ended> {
  return project().run([join(ROOT, 'dist', 'cli.cjs'), 'doctor', ...parameters], environment);
}

interface Report {
  readonly version: string;
  readonly checks: readonly { readonly subject: string; readonly result: string; readonly detail: string }[];
  readonly findings: readonly { readonly code: string; readonly message: string; readonly action: string }[];
}

async function report(environment?: Readonly<Record<string, string>>): Promise<Report & { code: number }> {
  const { code, stdout } = await doctor(['--json'], environment);
  return { code, ...(JSON.parse(stdout) as Report) };
}

/** Writes a project with a start script, runs that script, and returns how many calls were traced. */
async function start(parameters: string, files: Readonly<Record<string, string>>): Promise<number> {
  await project().write({ 'package.json': { scripts: { start: `node ${parameters}` } }, ...files });
  const environment = {
    BASE_URL: simulator().url,
    OTEL_TRACES_EXPORTER: 'console',
    OTEL_METRICS_EXPORTER: 'none',
  };
  const { code, stdout, stderr } = await project().run(parameters.split(' '), environment);
  expect(code, stderr).toBe(0);
  return `${stdout}${stderr}`.split('chat gpt-4o-mini').length - 1;
}

describe('the command finds why a program is not traced:', () => {
  test.each([
    ['--import is forgotten', 'node app.mjs', { 'app.mjs': APP }, 'set_up_not_loaded'],
    [
      'the setup is imported first, without --import',
      'node app.mjs',
      { 'telemetry.mjs': TELEMETRY, 'app.mjs': `import './telemetry.mjs';${APP}` },
      'set_up_too_late',
    ],
    [
      'openai is imported before the setup',
      'node app.mjs',
      {
        'telemetry.mjs': TELEMETRY,
        'app.mjs': `import OpenAI from 'openai';import './telemetry.mjs';${CALL}`,
      },
      'set_up_too_late',
    ],
    [
      'the setup itself imports openai',
      'node --import ./telemetry.mjs app.mjs',
      { 'telemetry.mjs': `import 'openai';${TELEMETRY}`, 'app.mjs': APP },
      'set_up_too_late',
    ],
  ])('%s', async (_, command, files, code) => {
    expect(await start(command.slice('node '.length), files)).toBe(0);
    const { findings, ...ended } = await report();
    expect({ code: ended.code, codes: findings.map((finding) => finding.code) }).toEqual({
      code: 1,
      codes: [code],
    });
  });

  test.each([
    ['--import ./telemetry.mjs app.mjs', { 'telemetry.mjs': TELEMETRY, 'app.mjs': APP }],
    [`--import ${PACKAGE_NAME}/register app.mjs`, { 'app.mjs': APP }],
    [
      'app.mjs',
      {
        'telemetry.mjs': TELEMETRY,
        'app.mjs': `import './telemetry.mjs';const { OpenAI } = await import('openai');${CALL}`,
      },
    ],
  ])('it has no findings for a program that is traced: %s', async (command, files) => {
    expect(await start(command, files)).toBe(1);
    expect(await report()).toMatchObject({ code: 0, findings: [] });
  });
});

test('a bundle that contains openai is reported when it ends, and by the command', async () => {
  await project().write({ 'app.mjs': APP, 'telemetry.mjs': TELEMETRY });
  const { folder } = project();
  const bundle = await rolldown({ input: join(folder, 'app.mjs'), platform: 'node', logLevel: 'silent' });
  await bundle.write({ file: join(folder, 'out.mjs'), codeSplitting: false });
  await bundle.close();
  await project().write({ 'app.mjs': '', 'package.json': { devDependencies: { esbuild: '*' } } });
  const parameters = ['--import', './telemetry.mjs', 'out.mjs'];
  const { stderr } = await project().run(parameters, {
    BASE_URL: simulator().url,
    OTEL_TRACES_EXPORTER: 'none',
  });
  expect(stderr).toMatch(/^\S+: Calls to openai were not traced: .* it is bundled, or .*\n$/);
  const { code, stdout } = await doctor(['--start', `node ${parameters.join(' ')}`]);
  expect(code).toBe(1);
  expect(stdout).toContain('problem openai_in_bundle\n  out.mjs contains openai.');
  // That the project has a bundler says less.
  expect(stdout).toContain('ok       bundlers: esbuild');
  expect(stdout).not.toContain('openai_bundled');
});

describe('the check of the collector', () => {
  const servers: (Server | net.Server)[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      if ('closeAllConnections' in server) server.closeAllConnections();
      server.close();
    }
  });

  async function listen(server: Server | net.Server): Promise<string> {
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function collector(environment: Readonly<Record<string, string>>): Promise<string> {
    const { code, checks, findings } = await report(environment);
    const { result, detail } = checks.find(({ subject }) => subject === 'collector') ?? {};
    const problem = findings.find((finding) => finding.code === 'endpoint_unreachable');
    expect(problem !== undefined).toBe(result === 'problem');
    if (problem !== undefined) expect(code).toBe(1);
    return `${result}: ${detail} ${problem?.action ?? ''}`;
  }

  test('sends an empty export with the headers of the environment', async () => {
    const seen: unknown[] = [];
    const address = await listen(
      createServer((request, response) => {
        seen.push([
          request.method,
          request.url,
          request.headers['api-key'],
          request.headers['content-length'],
        ]);
        response.end();
      }),
    );
    const environment = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${address}`,
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b',
    };
    expect(await collector(environment)).toContain(`ok: http://${address}/v1/traces answers (HTTP 200)`);
    expect(seen).toEqual([['POST', '/v1/traces', 'a b', '0']]);
  });

  const answering = (status: number): Server =>
    createServer((_, response) => void response.writeHead(status).end());
  const CHECK_SETTINGS = 'Check OTEL_EXPORTER_OTLP_ENDPOINT';
  const SEE_LOG = 'The collector, or a proxy before it, is overloaded';

  test.each<[string, Server | net.Server, RegExp]>([
    ...[302, 401, 404].map((status): [string, Server, RegExp] => [
      `HTTP ${status}`,
      answering(status),
      new RegExp(`HTTP ${status} ${CHECK_SETTINGS}`),
    ]),
    ...[429, 503].map((status): [string, Server, RegExp] => [
      `HTTP ${status}`,
      answering(status),
      new RegExp(`HTTP ${status} ${SEE_LOG}`),
    ]),
    [
      'bytes that are no HTTP',
      net.createServer((socket) => void socket.end('\0\0\x06\x04\0\0\0\0\0')),
      /HPE_\w+ It does not speak HTTP.*OTEL_EXPORTER_OTLP_PROTOCOL=grpc/,
    ],
  ])('reports a server that answers with %s', async (_, server, problem) => {
    const said = await collector({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://${await listen(server)}` });
    expect(said).toMatch(/^problem: /);
    expect(said).toMatch(problem);
  });

  test.each([
    [
      'refuses connections',
      true,
      /^problem: .*ECONNREFUSED Is a collector running\?/,
      /^problem: .*ECONNREFUSED/,
    ],
    ['never answers', false, /^problem: .* timeout/, /^ok: .* accepts connections/],
  ])('over HTTP and over gRPC, an endpoint that %s', async (_, isClosed, overHttp, overGrpc) => {
    const server = net.createServer(() => undefined);
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${await listen(server)}` };
    if (isClosed) await once(server.close(), 'close');
    expect(await collector(endpoint)).toMatch(overHttp);
    expect(await collector({ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toMatch(overGrpc);
  });

  test.each(['CERTIFICATE', 'CLIENT_CERTIFICATE', 'TRACES_CLIENT_CERTIFICATE'])(
    'is content with a connection if exporters have a certificate: OTEL_EXPORTER_OTLP_%s',
    async (name) => {
      const address = await listen(createServer((_, response) => void response.writeHead(401).end()));
      const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${address}` };
      expect(await collector({ ...endpoint, [`OTEL_EXPORTER_OTLP_${name}`]: 'client.pem' })).toMatch(
        /^ok: .* accepts connections/,
      );
    },
  );

  test('asks the default endpoint if no other is named, and reports it if the exporter is', async () => {
    const shown = 'http://localhost:4318/v1/traces';
    expect(await collector({})).toMatch(new RegExp(`^(?:ok|skipped): .*the default ${shown}`));
    expect(await collector({ OTEL_TRACES_EXPORTER: 'otlp' })).toMatch(
      new RegExp(`^(?:ok|problem): the default ${shown}`),
    );
    expect(await collector({ OTEL_TRACES_EXPORTER: 'console' })).toMatch(/^skipped: OTEL_TRACES_EXPORTER is/);
  });

  test('connects to no endpoint that a configuration file replaces', async () => {
    const environment = {
      OTEL_CONFIG_FILE: 'otel.yaml',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    };
    const start = `node --import ${PACKAGE_NAME}/register app.mjs`;
    await project().write({ 'app.mjs': APP, 'package.json': { scripts: { start } } });
    const { checks, findings } = await report(environment);
    const skipped = checks.filter(({ subject }) => /^(?:endpoint|collector)$/.test(subject));
    expect(skipped.map(({ result }) => result)).toEqual(['skipped', 'skipped']);
    expect(findings.filter(({ code }) => /^(?:spans_switched_off|endpoint_)/.test(code))).toEqual([]);
  });

  test('connects to no endpoint that is malformed or set by a script', async () => {
    const address = await listen(createServer((_, response) => void response.end()));
    for (const endpoint of [address, `http://${address}/v1/traces`, 'http://127.0.0.1:4317'])
      expect(await collector({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toMatch(/^skipped/);
    await project().write({
      'app.mjs': APP,
      'package.json': { scripts: { start: `OTEL_EXPORTER_OTLP_ENDPOINT=${address} node app.mjs` } },
    });
    expect(await collector({})).toMatch(/^skipped/);
    expect((await report()).findings.map(({ code }) => code)).toContain('endpoint_malformed');
  });
});

test('it prints a line for each check, each problem with its remedy, and the counts', async () => {
  await project().write({ 'app.mjs': APP, 'package.json': { scripts: { start: 'node app.mjs' } } });
  const { code, stdout, stderr } = await doctor();
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  for (const line of [
    /^ok {7}packages: @opentelemetry\/api \d.*, openai \d/m,
    /^ok {7}bundlers: none in package\.json$/m,
    /^problem {2}start script: "start" runs app\.mjs with node, an ES module \(its name ends in \.mjs\)$/m,
    /^ok {7}settings: /m,
    /^skipped {2}endpoint: /m,
    /^(?:ok|skipped) +collector: .*the default http:\/\/localhost:4318\//m,
    /^problem set_up_not_loaded\n {2}The script "start" starts app\.mjs.*\n {2}→ Add --import=.*\/register before app\.mjs in the script "start"\.$/m,
    /^1 problem, 0 notes; [12] of 6 checks skipped\.$/m,
  ])
    expect(stdout).toMatch(line);
});

test('a check that was not made is not reported as ok', async () => {
  const { code, stdout } = await doctor();
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^skipped {2}start script: .* Give the command: npx \S+ doctor --start "node app.mjs"$/m,
  );
  expect(stdout).not.toMatch(/all is well/i);
});

test.each<[Record<string, string>, number, string, string]>([
  [{ OTEL_TRACES_SAMPLER: 'always_off' }, 0, 'spans_switched_off', 'OTEL_TRACES_SAMPLER=always_off'],
  [{ OTEL_SDK_DISABLED: 'true' }, 0, 'spans_switched_off', 'OTEL_SDK_DISABLED=true'],
  [
    { OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'false' },
    0,
    'spans_switched_off',
    '_ENABLED=false: calls of openai are not recorded.',
  ],
  [{ OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'no' }, 1, 'option_not_accepted', '_ENABLED is "no"'],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'htp' }, 1, 'option_not_accepted', '_PROTOCOL is "htp"; accepted: grpc'],
  [
    { OTEL_TRACES_EXPORTER: 'Console' },
    1,
    'option_not_accepted',
    'OTEL_TRACES_EXPORTER names "Console", which is unknown, so it exports nothing',
  ],
])(
  'it names the variable that drops spans or is ignored: %j',
  async (environment, code, finding, message) => {
    expect(await report(environment)).toMatchObject({
      code,
      findings: [{ code: finding, message: expect.stringContaining(message) }],
    });
  },
);

describe('the command line:', () => {
  const run = (...parameters: string[]): Promise<Ended> =>
    project().run([join(ROOT, 'dist', 'cli.cjs'), ...parameters]);

  test.each([[['--help']], [['-h']], [['doctor', '--help']]])('%j prints the usage', async (parameters) => {
    const { code, stdout, stderr } = await run(...parameters);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: npx \S+ (?:doctor|<command>\n {2}doctor) /);
  });

  test('--version', async () => {
    expect(await run('--version')).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  test.each([
    [[], `Usage: npx ${PACKAGE_NAME} <command>`],
    [['toString'], 'Unknown command: toString'],
    [['doc\x1btor'], 'Unknown command: doc␛tor'],
    [['--unknown'], 'Unknown command: --unknown'],
    [['--version', 'doctor'], `Usage: npx ${PACKAGE_NAME} <command>`],
    [['doctor', 'app.mjs'], "Unexpected argument 'app.mjs'."],
    [['doctor', '--unknown'], "Unknown option '--unknown'."],
    [['doctor', '--start'], "Option '--start <value>' argument missing."],
  ])('%j is rejected with what is wrong and the usage', async (parameters, problem) => {
    const { code, stdout, stderr } = await run(...parameters);
    expect([code, stdout, stderr.split('\n')[0]]).toEqual([2, '', problem]);
    expect(stderr).toMatch(/^Usage: npx \S+ (?:doctor|<command>\n {2}doctor) /m);
  });
});
