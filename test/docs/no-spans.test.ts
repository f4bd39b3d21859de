import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import module from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examineCollector } from '../../src/doctor/collector.ts';
import { printChecks } from '../../src/doctor/command.ts';
import { examineProject } from '../../src/doctor/project.ts';
import { useSimulator } from '../support/lanes/api.ts';
import { PACKAGE_NAME } from '../support/lanes/paths.ts';
import { CALL, useProject } from '../support/project.ts';
import { readDocument } from './documents.ts';
import { SELF_SIGNED } from './self-signed.ts';

/** Runs each row of "No spans at all" in docs/troubleshooting.md, and compares what the user sees with what the row says. */
const simulator = useSimulator();
const project = useProject();

const collectors = {
  accepting: createServer((_, response) => void response.end()),
  refusing: createServer((_, response) => void response.writeHead(503).end()),
  rejecting: createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ partialSuccess: { rejectedSpans: 1, errorMessage: 'full' } }));
  }),
  untrusted: createSecureServer(SELF_SIGNED, (_, response) => void response.end()),
  silent: createServer((request) => request.resume()),
} satisfies Record<string, Server>;
const servers: readonly Server[] = Object.values(collectors);
beforeAll(() => Promise.all(servers.map((each) => once(each.listen(0, '127.0.0.1'), 'listening'))));
afterAll(() => servers.map((each) => each.close()));

const addressOf = (collector: keyof typeof collectors = 'accepting'): string =>
  `127.0.0.1:${(collectors[collector].address() as AddressInfo).port}`;

const FINDINGS = `
  const { doctor } = await import('${PACKAGE_NAME}');
  console.log(doctor().map(({ code }) => code).join());
`;
const IMPORT = `import OpenAI from 'openai';`;
const SECOND_CALL = CALL.replace('const client', 'const second').replace('client.chat', 'second.chat');
const TELEMETRY = `
  import { NodeSDK } from '@opentelemetry/sdk-node';
  import { OpenAIInstrumentation } from '${PACKAGE_NAME}';
  new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] }).start();
`;
/** What each project has, unless a row has another file of the name. */
const FILES = {
  'app.mjs': `${IMPORT}${CALL}${FINDINGS}`,
  'telemetry.mjs': TELEMETRY,
  'old-node.mjs': `import m from 'node:module'; m.registerHooks = undefined;`,
};
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
  ${SECOND_CALL}
  ${FINDINGS}
`;

interface Row {
  /** What to run, without `node`: the program, and what the command examines. */
  readonly command: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: () => Readonly<Record<string, string>>;
  readonly removed?: readonly string[];
}

const OWN_SET_UP = '--import ./telemetry.mjs app.mjs';
const REGISTERED = `--import ${PACKAGE_NAME}/register app.mjs`;

const withApp = (app: string, command = OWN_SET_UP): Row => ({ command, files: { 'app.mjs': app } });
const withTelemetry = (telemetry: string): Row => ({
  command: OWN_SET_UP,
  files: { 'telemetry.mjs': telemetry },
});
const withVariables = (command: string, environment: Readonly<Record<string, string>>): Row => ({
  command,
  environment: () => environment,
});
/** A row whose spans are sent to an endpoint. */
const sendingTo = (endpoint: () => string, command = OWN_SET_UP, more = {}): Row => ({
  command,
  environment: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint(), ...more }),
});

/** By the cause as the page names it. */
const ROWS: Readonly<Record<string, Row>> = {
  'no SDK is started': {
    ...withApp(`import OpenAI from '${PACKAGE_NAME}/openai';${CALL}${FINDINGS}`, 'app.mjs'),
    removed: ['@opentelemetry/sdk-node'],
  },
  'the AI SDK or Mastra calls the model': {
    command: REGISTERED,
    files: {
      'app.mjs': `console.log('no call to openai');`,
      'node_modules/ai/package.json': JSON.stringify({ name: 'ai', version: '7.0.173' }),
    },
  },
  '`NodeSDK` is created but not started': withTelemetry(TELEMETRY.replace('.start()', '')),
  'the SDK loads an older `@opentelemetry/api` than this package': {
    command: `--import ./older.mjs ${REGISTERED}`,
    files: {
      'older.mjs': `globalThis[Symbol.for('opentelemetry.js.api.1')] = { version: '1.0.4', trace: {} };`,
    },
  },
  '`new` is missing in `instrumentations`': withTelemetry(
    TELEMETRY.replace('[new OpenAIInstrumentation()]', '[OpenAIInstrumentation]'),
  ),
  'the start command has no `--import`': { command: 'app.mjs' },
  '`--import` names the package alone': { command: `--import ${PACKAGE_NAME} app.mjs` },
  'an ES module imports the setup, before or after `openai`': withApp(
    `import './telemetry.mjs';${FILES['app.mjs']}`,
    'app.mjs',
  ),
  'CommonJS called `openai` before the setup': withApp(LATE, 'app.mjs'),
  'ES modules on Node before 22.15': { command: `--import ./old-node.mjs ${OWN_SET_UP}` },
  '`process.exit()` ended the program': withApp(`${IMPORT}${CALL}${SECOND_CALL}process.exit();`),
  'an uncaught error ended the program': withApp(`${IMPORT}${CALL}throw new Error('Nobody catches this');`),
  'nothing listens at the endpoint': sendingTo(() => 'http://127.0.0.1:1'),
  'the collector accepts requests but does not answer': sendingTo(
    () => `http://${addressOf('silent')}`,
    OWN_SET_UP,
    { OTEL_EXPORTER_OTLP_TIMEOUT: '100' },
  ),
  'the endpoint has no `http://`': sendingTo(() => addressOf().replace('127.0.0.1', 'localhost')),
  'the endpoint ends with a space': sendingTo(() => `http://${addressOf()} `, REGISTERED),
  'the endpoint contains quotation marks': sendingTo(() => `"http://${addressOf()}"`),
  'the endpoint is not a URL': {
    ...sendingTo(() => 'http://localhost:99999', `--import ./no-default-collector.mjs ${OWN_SET_UP}`),
    files: { 'no-default-collector.mjs': NO_DEFAULT_COLLECTOR },
  },
  'the collector answers with an error': sendingTo(() => `http://${addressOf('refusing')}`, REGISTERED),
  'the collector rejects spans (partial success)': sendingTo(
    () => `http://${addressOf('rejecting')}`,
    REGISTERED,
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_LOG_LEVEL: 'warn' },
  ),
  'the certificate of the collector is not trusted': sendingTo(
    () => `https://${addressOf('untrusted')}`,
    REGISTERED,
  ),
  '`OTEL_TRACES_EXPORTER` has an unknown name, such as `Console`': withVariables(REGISTERED, {
    OTEL_TRACES_EXPORTER: 'Console',
  }),
  'the protocol does not match the port': sendingTo(() => 'http://127.0.0.1:4317'),
  '`spanProcessors` has only a view': {
    ...sendingTo(() => `http://${addressOf()}`),
    ...withTelemetry(VIEW_ONLY),
  },
  'the path of the endpoint is doubled or missing': sendingTo(() => `http://${addressOf()}/v1/traces`),
  'the sampler drops the spans': withVariables(OWN_SET_UP, { OTEL_TRACES_SAMPLER: 'always_off' }),
  'the instrumentation is disabled': withVariables(OWN_SET_UP, {
    OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'false',
  }),
  '`openai` is in a bundle': {
    command: '--import ./telemetry.mjs out.mjs',
    files: {
      'out.mjs': `const headers = { 'X-Stainless-Lang': 'js', 'OpenAI-Organization': '' };import './findings.mjs';`,
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

/** What the command `doctor` prints of a project. */
async function doctor(environment: Readonly<Record<string, string>>, start?: string): Promise<string> {
  const checks = examineProject({ project: project().folder, environment, start });
  checks.push(await examineCollector(environment));
  let printed = '';
  printChecks(checks, {
    write: (text) => {
      printed += text;
    },
  });
  return printed;
}

/** Runs something as on a Node without module hooks. */
async function onOldNode<Result>(run: () => Promise<Result>): Promise<Result> {
  const { registerHooks } = module;
  Object.assign(module, { registerHooks: undefined });
  try {
    return await run();
  } finally {
    Object.assign(module, { registerHooks });
  }
}

describe('the program, doctor() or the command says what the page says:', () => {
  const rows = documented.filter(([cause = '']) => Object.hasOwn(ROWS, cause));
  test.each(rows)('%s', async (cause = '', signs = '') => {
    const { command, files = {}, environment, removed = [] } = ROWS[cause] as Row;
    await project().write({ ...FILES, ...files });
    for (const name of removed) await rm(join(project().folder, 'node_modules', name));
    const variables = environment?.() ?? { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${addressOf()}` };
    const all = { BASE_URL: simulator().url, OTEL_METRICS_EXPORTER: 'none', ...variables };
    const program = await project().run(command.split(' '), all);
    const examine = async (): Promise<string> => (await doctor(all, `node ${command}`)) + (await doctor(all));
    const examined = await (cause.includes('Node before') ? onOldNode(examine) : examine());
    const seen = `${program.stdout}${program.stderr}${examined}`;
    const named = [...signs.matchAll(/`([^`]+)`/g)].map(([, sign = '']) => sign);
    const pieces = named.filter((sign) => !sign.startsWith('…/')).flatMap((sign) => sign.split('…'));
    for (const piece of pieces) expect(seen).toContain(piece.trim());
    if (pieces.length === 0) expect([signs, lines(program.stderr)]).toEqual(['one line on stderr', 1]);
  });
});

function lines(text: string): number {
  return text.split('\n').filter((line) => line.startsWith(PACKAGE_NAME)).length;
}
