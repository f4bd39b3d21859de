import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';
import { VERSION } from '../../src/util/version.ts';
import { useSimulator } from '../support/lanes/api.ts';
import { PACKAGE_NAME, ROOT } from '../support/lanes/paths.ts';
import { listen } from '../support/listening.ts';
import { CALL, type Ended, useProject } from '../support/project.ts';

/** What a user sees: programs that are set up in some way, and what the command says of their projects. */
const simulator = useSimulator();
const project = useProject();

const APP = `import OpenAI from 'openai';\n${CALL}`;
const TELEMETRY = `
  import { NodeSDK } from '@opentelemetry/sdk-node';
  import { OpenAIInstrumentation } from '${PACKAGE_NAME}';
  new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] }).start();
`;

function run(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return project().run([join(ROOT, 'dist', 'cli.cjs'), ...parameters], environment);
}

test.each([
  [
    'the setup is loaded first',
    '--import ./telemetry.mjs app.mjs',
    { 'telemetry.mjs': TELEMETRY, 'app.mjs': APP },
    1,
    [],
  ],
  [
    'the program imports openai dynamically',
    'app.mjs',
    {
      'telemetry.mjs': TELEMETRY,
      'app.mjs': `import './telemetry.mjs';const { OpenAI } = await import('openai');${CALL}`,
    },
    1,
    [],
  ],
])(
  'the command finds why a program is not traced, and nothing if it is: %s',
  async (_, parameters, files, traced, codes) => {
    await project().write({ 'package.json': { scripts: { start: `node ${parameters}` } }, ...files });
    const variables = { OTEL_TRACES_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'none' };
    const program = await project().run(parameters.split(' '), { BASE_URL: simulator().url, ...variables });
    expect(program.code, program.stderr).toBe(0);
    expect(program.stdout.split('chat gpt-4o-mini').length - 1).toBe(traced);
    const { code, stdout } = await run(['doctor', '--json'], variables);
    const { findings } = JSON.parse(stdout) as { findings: { code: string }[] };
    expect({ code, codes: findings.map((finding) => finding.code) }).toEqual({ code: codes.length, codes });
  },
);

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
  const { code, stdout } = await run(['doctor', '--start', `node ${parameters.join(' ')}`]);
  expect(code).toBe(1);
  expect(stdout).toContain('problem openai_in_bundle\n  out.mjs contains openai.');
  // That the project has a bundler says less.
  expect(stdout).toContain('ok       bundlers: esbuild');
  expect(stdout).not.toContain('openai_bundled');
});

test('it prints a line for each check, each problem with its remedy, and the counts', async () => {
  await project().write({ 'app.mjs': APP, 'package.json': { scripts: { start: 'node app.mjs' } } });
  const { code, stdout, stderr } = await run(['doctor']);
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  for (const line of [
    /^ok {7}packages: @opentelemetry\/api \d.*, openai \d/m,
    /^ok {7}bundlers: none in package\.json$/m,
    /^problem {2}start script: "start" runs app\.mjs with node, an ES module \(its name ends in \.mjs\)$/m,
    /^ok {7}settings: /m,
    /^ok {7}endpoint: OTEL_EXPORTER_OTLP_ENDPOINT is not set; exporters send http\/protobuf to /m,
    /^(?:ok|note) +collector: the default http:\/\/localhost:4318\//m,
    /^problem set_up_not_loaded\n {2}The script "start" starts app\.mjs.*\n {2}→ Add --import=.*\/register before app\.mjs in the script "start"\.$/m,
    /^1 problem, (?:0 notes|1 note); 0 of 6 checks skipped\.$/m,
  ])
    expect(stdout).toMatch(line);
});

test('the endpoint is asked that the command of --start sets', async () => {
  await project().write({ 'app.mjs': '', '.env': 'OTEL_EXPORTER_OTLP_PROTOCOL=grpc\n' });
  const address = await listen((_, response) => void response.writeHead(401).end());
  const start = `OTEL_EXPORTER_OTLP_ENDPOINT=${address} node app.mjs`;
  const { code, stdout } = await run(['doctor', '--start', start]);
  expect(code).toBe(1);
  expect(stdout).toContain(`problem  collector: ${address}/v1/traces: HTTP 401\n`);
  const { stdout: overGrpc } = await run(['doctor', '--start', start.replace('app', '--env-file=.env app')]);
  expect(overGrpc).toContain(`ok       collector: ${address}/ accepts connections`);
});

test('an endpoint that only the project names is not asked', async () => {
  const address = await listen(() => expect.unreachable('a request was sent'));
  const scripts = { start: `OTEL_EXPORTER_OTLP_ENDPOINT=${address} node app.mjs` };
  const env = `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=${address}/v1/traces\n`;
  await project().write({ 'app.mjs': '', '.env': env, 'package.json': { scripts } });
  const start = `OTEL_EXPORTER_OTLP_ENDPOINT=${address}/v1 node --env-file=.env app.mjs`;
  for (const parameters of [[], ['--start', 'npm start'], ['--start', start]]) {
    const { stdout } = await run(['doctor', ...parameters]);
    expect(stdout).toMatch(
      /^skipped {2}collector: only the project names OTEL_EXPORTER_OTLP_(?:TRACES_)?ENDPOINT$/m,
    );
  }
});

const USAGE = `Usage: npx ${PACKAGE_NAME}`;
test.each<[string[], Ended]>([
  [['--version'], { code: 0, stdout: `${VERSION}\n`, stderr: '' }],
  [['-h'], { code: 0, stdout: `${USAGE} <command>`, stderr: '' }],
  [['doctor', '--help'], { code: 0, stdout: `${USAGE} doctor`, stderr: '' }],
  [[], { code: 2, stdout: '', stderr: `${USAGE} <command>\n  doctor ` }],
  [['toString'], { code: 2, stdout: '', stderr: `Unknown command: toString\n${USAGE}` }],
  [['doc\x1btor'], { code: 2, stdout: '', stderr: 'Unknown command: doc␛tor\n' }],
  [['--version', 'doctor'], { code: 2, stdout: '', stderr: `${USAGE} <command>` }],
])('with the parameters %j the command ends with %j', async (parameters, { code, stdout, stderr }) => {
  const ended = await run(parameters);
  expect({
    ...ended,
    stdout: ended.stdout.slice(0, stdout.length),
    stderr: ended.stderr.slice(0, stderr.length),
  }).toEqual({ code, stdout, stderr });
});
