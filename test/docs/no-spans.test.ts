import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { PACKAGE_NAME, ROOT } from '../support/lanes/paths.ts';
import { CALL, useProject } from '../support/project.ts';
import { readDocument } from './documents.ts';
import { SELF_SIGNED } from './self-signed.ts';

/** Runs each row of "No spans at all" in docs/troubleshooting.md, and compares what the user sees with what the row says. */
const simulator = useSimulator();
const project = useProject();

/** A collector that takes everything, one that takes nothing, one that rejects spans, one that nobody trusts, and one that never answers. */
let collector: Server;
let rejecting: Server;
let untrusted: Server;
let refusing: Server;
let silent: Server;
beforeAll(async () => {
  collector = createServer((_, response) => void response.end()).listen(0, '127.0.0.1');
  refusing = createServer((_, response) => void response.writeHead(503).end()).listen(0, '127.0.0.1');
  rejecting = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ partialSuccess: { rejectedSpans: 1, errorMessage: 'full' } }));
  }).listen(0, '127.0.0.1');
  untrusted = createSecureServer(SELF_SIGNED, (_, response) => void response.end()).listen(0, '127.0.0.1');
  silent = createServer((request) => request.resume()).listen(0, '127.0.0.1');
  await Promise.all(servers().map((each) => once(each, 'listening')));
});
afterAll(() => servers().map((each) => each.close()));

const servers = (): Server[] => [collector, refusing, rejecting, untrusted, silent];

const address = (server = collector): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;
const localAddress = (): string => address().replace('127.0.0.1', 'localhost');

const FINDINGS = `
  const { doctor } = await import('${PACKAGE_NAME}');
  console.log(doctor().map(({ code }) => code).join());
`;
const APP = `import OpenAI from 'openai';${CALL}${FINDINGS}`;
const EXITING = `import OpenAI from 'openai';${CALL}${CALL.replace('const client', 'const second')}process.exit();`;
const TELEMETRY = `
  import { NodeSDK } from '@opentelemetry/sdk-node';
  import { OpenAIInstrumentation } from '${PACKAGE_NAME}';
  new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] }).start();
`;
const VIEW_ONLY = `
  import { consoleTree } from '${PACKAGE_NAME}/export';
  ${TELEMETRY.replace('new NodeSDK({', 'new NodeSDK({ spanProcessors: [consoleTree()],')}
`;
/** Exporters replace an endpoint that is no URL by the default, where another program of this machine may listen. */
const NO_DEFAULT_COLLECTOR = `
  import { Socket } from 'node:net';
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (...given) {
    const [options] = [given[0]].flat();
    if (Number(options.port) === 4318) options.port = 1;
    return connect.apply(this, given);
  };
`;
const LATE = `
  const { createRequire } = await import('node:module');
  const require = createRequire(import.meta.url);
  const { OpenAI } = require('openai');
  ${CALL}
  await import('./telemetry.mjs');
  ${CALL.replace('const client', 'const second').replace('client.chat', 'second.chat')}
  ${FINDINGS}
`;
const BUNDLED = `const headers = { 'X-Stainless-Lang': 'js', 'OpenAI-Organization': '' };`;
const OLD_NODE = `import m from 'node:module'; m.registerHooks = undefined;`;

interface Row {
  /** What to run, without `node`: the program, and what the command examines. */
  readonly command: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: () => Readonly<Record<string, string>>;
  readonly removed?: readonly string[];
}

const OWN_SET_UP = '--import ./telemetry.mjs app.mjs';
const REGISTERED = `--import ${PACKAGE_NAME}/register app.mjs`;

/** By the cause as the page names it. */
const ROWS: Readonly<Record<string, Row>> = {
  'no SDK is started': {
    command: 'app.mjs',
    files: { 'app.mjs': `import OpenAI from '${PACKAGE_NAME}/openai';${CALL}${FINDINGS}` },
    removed: ['@opentelemetry/sdk-node'],
  },
  'the AI SDK or Mastra calls the model': {
    command: REGISTERED,
    files: {
      'app.mjs': `console.log('no call to openai');`,
      'node_modules/ai/package.json': JSON.stringify({ name: 'ai', version: '7.0.173' }),
    },
  },
  '`NodeSDK` is created but not started': {
    command: OWN_SET_UP,
    files: { 'telemetry.mjs': TELEMETRY.replace('.start()', '') },
  },
  'the SDK loads an older `@opentelemetry/api` than this package': {
    command: `--import ./older.mjs ${REGISTERED}`,
    files: {
      'older.mjs': `globalThis[Symbol.for('opentelemetry.js.api.1')] = { version: '1.0.4', trace: {} };`,
    },
  },
  '`new` is missing in `instrumentations`': {
    command: OWN_SET_UP,
    files: { 'telemetry.mjs': TELEMETRY.replace('[new OpenAIInstrumentation()]', '[OpenAIInstrumentation]') },
  },
  'the start command has no `--import`': { command: 'app.mjs' },
  '`--import` names the package alone': { command: `--import ${PACKAGE_NAME} app.mjs` },
  'an ES module imports the setup, before or after `openai`': {
    command: 'app.mjs',
    files: { 'app.mjs': `import './telemetry.mjs';${APP}` },
  },
  'CommonJS called `openai` before the setup': { command: 'app.mjs', files: { 'app.mjs': LATE } },
  'ES modules on Node before 22.15': { command: `--import ./old-node.mjs ${OWN_SET_UP}` },
  '`process.exit()` ended the program': { command: OWN_SET_UP, files: { 'app.mjs': EXITING } },
  'an uncaught error ended the program': {
    command: OWN_SET_UP,
    files: { 'app.mjs': `import OpenAI from 'openai';${CALL}throw new Error('Nobody catches this');` },
  },
  'nothing listens at the endpoint': {
    command: OWN_SET_UP,
    environment: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }),
  },
  'the collector accepts requests but does not answer': {
    command: OWN_SET_UP,
    environment: () => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${address(silent)}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: '100',
    }),
  },
  'the endpoint has no `http://`': {
    command: OWN_SET_UP,
    environment: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: localAddress() }),
  },
  'the endpoint ends with a space': {
    command: REGISTERED,
    environment: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://${address()} ` }),
  },
  'the endpoint contains quotation marks': {
    command: OWN_SET_UP,
    environment: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `"http://${address()}"` }),
  },
  'the endpoint is not a URL': {
    command: `--import ./no-default-collector.mjs ${OWN_SET_UP}`,
    files: { 'no-default-collector.mjs': NO_DEFAULT_COLLECTOR },
    environment: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:99999' }),
  },
  'the collector answers with an error': {
    command: REGISTERED,
    environment: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://${address(refusing)}` }),
  },
  'the collector rejects spans (partial success)': {
    command: REGISTERED,
    environment: () => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${address(rejecting)}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_LOG_LEVEL: 'warn',
    }),
  },
  'the certificate of the collector is not trusted': {
    command: REGISTERED,
    environment: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `https://${address(untrusted)}` }),
  },
  '`OTEL_TRACES_EXPORTER` has an unknown name, such as `Console`': {
    command: REGISTERED,
    environment: () => ({ OTEL_TRACES_EXPORTER: 'Console' }),
  },
  'the protocol does not match the port': {
    command: OWN_SET_UP,
    environment: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317' }),
  },
  '`spanProcessors` has only a view': {
    command: OWN_SET_UP,
    files: { 'telemetry.mjs': VIEW_ONLY },
    environment: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://${address()}` }),
  },
  'the path of the endpoint is doubled or missing': {
    command: OWN_SET_UP,
    environment: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://${address()}/v1/traces` }),
  },
  'the sampler drops the spans': {
    command: OWN_SET_UP,
    environment: () => ({ OTEL_TRACES_SAMPLER: 'always_off' }),
  },
  'the instrumentation is disabled': {
    command: OWN_SET_UP,
    environment: () => ({ OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'false' }),
  },
  '`openai` is in a bundle': {
    command: '--import ./telemetry.mjs out.mjs',
    files: {
      'out.mjs': `${BUNDLED}import './findings.mjs';`,
      'findings.mjs': FINDINGS,
      'package.json': '{"devDependencies":{"esbuild":"*"}}',
    },
  },
  '`openai` is not installed': { command: OWN_SET_UP, removed: ['openai'] },
};

/** Rows of which no message speaks, and two that need other packages. `test/doctor/project.test.ts` tries that of the SDK. */
const SILENT: readonly string[] = [
  'Jest loads `openai`',
  'SDK 3 loads `@opentelemetry/api` 1.9',
  'a serverless function froze after its response',
  'the call runs under `suppressTracing`',
];

const [, section = ''] =
  /\n## No spans at all\n([\s\S]*?)\n## /.exec(readDocument('docs/troubleshooting.md')) ?? [];
/** The columns "cause" and "how to tell". */
const documented = section
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| /, '')));

test('every cause on the page is tried', () => {
  expect(documented.map(([cause]) => cause).sort()).toEqual([...Object.keys(ROWS), ...SILENT].sort());
});

describe('the program, doctor() or the command says what the page says:', () => {
  const rows = documented.filter(([cause = '']) => Object.hasOwn(ROWS, cause));
  test.each(rows)('%s', async (cause = '', signs = '') => {
    const { command, files = {}, environment, removed = [] } = ROWS[cause] as Row;
    await project().write({ 'app.mjs': APP, 'telemetry.mjs': TELEMETRY, 'old-node.mjs': OLD_NODE, ...files });
    for (const name of removed) await rm(join(project().folder, 'node_modules', name));
    const variables = environment?.() ?? { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${address()}` };
    const all = { BASE_URL: simulator().url, OTEL_METRICS_EXPORTER: 'none', ...variables };
    const program = await project().run(command.split(' '), all);
    const examined = ['doctor', '--start', `node ${command}`];
    const preload = cause.includes('Node before') ? ['--import', './old-node.mjs'] : [];
    const doctor = async (args: string[]): Promise<string> =>
      (await project().run([...preload, join(ROOT, 'dist', 'cli.cjs'), ...args], all)).stdout;
    const seen = `${program.stdout}${program.stderr}${await doctor(examined)}${await doctor(['doctor'])}`;
    const named = [...signs.matchAll(/`([^`]+)`/g)].map(([, sign = '']) => sign);
    const pieces = named.filter((sign) => !sign.startsWith('…/')).flatMap((sign) => sign.split('…'));
    for (const piece of pieces) expect(seen).toContain(piece.trim());
    if (pieces.length === 0) expect([signs, lines(program.stderr)]).toEqual(['one line on stderr', 1]);
  });
});

test('a single lost span is spoken of in the singular', async () => {
  const program = `import OpenAI from 'openai';${CALL}process.exit();`;
  await project().write({ 'app.mjs': program, 'telemetry.mjs': TELEMETRY });
  const environment = { BASE_URL: simulator().url, OTEL_METRICS_EXPORTER: 'none' };
  const { stderr } = await project().run(OWN_SET_UP.split(' '), environment);
  expect(stderr).toContain('1 span was lost because the program ended before the next export. ');
});

function lines(text: string): number {
  return text.split('\n').filter((line) => line.startsWith(PACKAGE_NAME)).length;
}
