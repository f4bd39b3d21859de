import { mkdir, symlink, writeFile } from 'node:fs/promises';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Check } from '../../src/doctor/check.ts';
import { examineProject } from '../../src/doctor/project.ts';
import { newFolder } from '../support/folders.ts';
import { PACKAGE_NAME } from '../support/lanes/paths.ts';

let project: string;
beforeEach(async () => {
  project = await newFolder();
});

async function write(files: Readonly<Record<string, string | object>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(project, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  }
}

interface Look {
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

/** The check of a command. */
function checkOf(start: string, { environment = {}, folder = '.' }: Look = {}): Check {
  const checks = examineProject({ project: join(project, folder), environment, start });
  const check = checks.find(({ subject }) => subject === 'start script');
  if (check === undefined) throw new Error('The command was not examined.');
  return check;
}

/** The result of the check of a command, and the codes of its findings. */
function look(start: string, about?: Look): string[] {
  const { result, findings } = checkOf(start, about);
  return [result, ...findings.map(({ code }) => code)];
}

const actions = (start: string, about?: Look): string[] =>
  checkOf(start, about).findings.map(({ action }) => action);

const IMPORT = `import OpenAI from 'openai';\n`;
const SET_UP = `
  import { NodeSDK } from '@opentelemetry/sdk-node';
  import { OpenAIInstrumentation } from '${PACKAGE_NAME}';
  new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] }).start();
`;
const COMMONJS_SET_UP = `
  const { NodeSDK } = require('@opentelemetry/sdk-node');
  const { OpenAIInstrumentation } = require('${PACKAGE_NAME}');
  new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] }).start();
`;
const APPS = {
  'app.mjs': IMPORT,
  'app.cjs': `const { OpenAI } = require('openai');`,
  'telemetry.mjs': SET_UP,
  'telemetry.cjs': COMMONJS_SET_UP,
};
const WELL = ['ok'];
const UNTRACED = ['problem', 'set_up_not_loaded'];

test.each<[string, Look?]>([
  [`node --import ${PACKAGE_NAME}/register app.mjs`],
  ['node --import ./telemetry.mjs app.mjs'],
  ['node --require ./telemetry.cjs app.mjs'],
  [`node --require ${PACKAGE_NAME}/register app.cjs`],
  ['node -r ./telemetry.cjs app.cjs'],
  ['NODE_OPTIONS="--import ./telemetry.mjs" node app.mjs'],
  ['node app.mjs', { environment: { NODE_OPTIONS: `--import=${PACKAGE_NAME}/register` } }],
])('a setup that is loaded first passes: %s', async (command, about) => {
  await write(APPS);
  expect(look(command, about)).toEqual(WELL);
});

test('a setup that leaves out the agents of a program gets a note that says where to instrument them', async () => {
  const agents = `import { Agent, run } from '@openai/agents';\n`;
  const instrumented = `${SET_UP}import { instrumentAgents } from '${PACKAGE_NAME}/agents';\ninstrumentAgents();\n`;
  await write({ ...APPS, 'agents.mjs': agents, 'with-agents.mjs': instrumented });
  expect(checkOf('node --import ./telemetry.mjs agents.mjs').findings).toEqual([
    {
      code: 'agents_not_instrumented',
      severity: 'information',
      message:
        'agents.mjs uses @openai/agents, but nothing calls instrumentAgents: model calls are recorded, but not workflows, agents or tools.',
      action: `Call instrumentAgents() of ${PACKAGE_NAME}/agents in telemetry.mjs.`,
    },
  ]);
  expect(look('node --import ./with-agents.mjs agents.mjs')).toEqual(WELL);
  expect(look(`node --import ${PACKAGE_NAME}/register agents.mjs`)).toEqual(WELL);
  expect(look('node --import ./telemetry.mjs app.mjs')).toEqual(WELL);
});

test('an import with a long query is resolved in linear time', async () => {
  // In quadratic time it takes minutes.
  const specifier = `./other.mjs${'?'.repeat(990_000)}\\\n`;
  await write({ 'app.mjs': `import '${specifier}';`, 'other.mjs': IMPORT });
  expect(look(`node --import ${PACKAGE_NAME}/register app.mjs`)).toEqual(WELL);
});

test('variables of an --env-file count unless the shell or the command sets them', async () => {
  const file = `NODE_OPTIONS="--import ${PACKAGE_NAME}/register"\nOTEL_EXPORTER_OTLP_ENDPOINT=localhost:4318\nSECRET=1\n`;
  await write({ 'app.mjs': IMPORT, '.env': file });
  const command = 'node --env-file=.env app.mjs';
  expect(look(command)).toEqual(WELL);
  const endpointCheck = (start: string, environment = {}): string | undefined =>
    examineProject({ project, environment, start }).find(({ subject }) => subject === 'endpoint')?.result;
  expect(endpointCheck(command)).toBe('problem');
  expect(endpointCheck(command, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4318' })).toBe('ok');
  expect(endpointCheck(`OTEL_EXPORTER_OTLP_ENDPOINT=http://a:4318 ${command}`)).toBe('ok');
  expect(JSON.stringify(examineProject({ project, environment: {}, start: command }))).not.toContain(
    'SECRET',
  );
  expect(look('node --env-file=missing.env app.mjs')).toContain('set_up_not_loaded');
});

test('a command is not repeated, because its parameters and variables may be secrets', async () => {
  await write({ 'app.mjs': IMPORT });
  for (const runs of ['bash run.sh', 'node app.mjs', 'node missing.mjs', 'node app.mjs "']) {
    const checks = examineProject({ project, environment: {}, start: `TOKEN=hidden ${runs} --key hidden` });
    expect(JSON.stringify(checks)).not.toContain('hidden');
  }
});

describe('a program started without a setup', () => {
  test.each([
    ['node app.mjs', '--import', 'app.mjs'],
    ['node app.cjs', '--require', 'app.cjs'],
    ['tsx --env-file=.env app.ts', '--require', 'app.ts'],
    ['ts-node app.ts', '--require', 'app.ts'],
    ['ts-node --esm app.mts', '--require', 'app.mts'],
    ['node --import tsx app.mts', '--import', 'app.mts'],
    ['nodemon --exec "tsx app.ts"', '--require', 'app.ts'],
  ])('is reported with a flag that its runner has: %s', async (command, flag, entry) => {
    await write({ ...APPS, 'app.ts': IMPORT, 'app.mts': IMPORT });
    expect(look(command)).toEqual(UNTRACED);
    expect(actions(command)).toEqual([`Add ${flag}=${PACKAGE_NAME}/register before ${entry}.`]);
  });

  test('is found in a folder by the main of its package.json, or its index', async () => {
    await write({
      'package.json': { main: 'src/server' },
      'src/server.js': `require('./routes');`,
      'src/routes/index.js': `require('openai');`,
    });
    expect(look('node .')).toEqual(UNTRACED);
    await write({ 'package.json': { main: '.' } });
    expect(look('node .')).toEqual(['skipped']);
    await write({ 'index.js': `require('openai');` });
    expect(look('node .')).toEqual(UNTRACED);
  });

  test('is recognised by the imports of its own files', async () => {
    await write({
      'app.mjs': `import './routes/index.js';`,
      'routes/index.js': `export * from './chat.js';`,
      'routes/chat.ts': `import { ChatOpenAI } from '@langchain/openai';`,
      'package.json': { type: 'module' },
      'node_modules/@langchain/openai/package.json': { dependencies: { openai: '^6' } },
    });
    for (const preload of ['', '--import @opentelemetry/auto-instrumentations-node/register '])
      expect(look(`node ${preload}app.mjs`)).toEqual(UNTRACED);
  });

  test('is not reported without evidence', async () => {
    await write({ 'app.mjs': IMPORT, 'other.mjs': `import 'node:http';` });
    for (const command of ['other.mjs', '--import @company/telemetry app.mjs', 'dist/app.js'])
      expect(look(`node ${command}`)).toEqual(['skipped']);
    expect(look('next start')).toEqual(['skipped']);
  });
});

describe('an entry of this package that is preloaded and sets nothing up', () => {
  test.each(['', '/client', '/agents', '/export'])('is reported: %s', async (entry) => {
    await write({ 'app.mjs': IMPORT });
    const start = `node --import ${PACKAGE_NAME}${entry} app.mjs`;
    expect(look(start)).toEqual(['problem', 'preload_without_effect']);
    expect(actions(start)).toContain(`Replace it with ${PACKAGE_NAME}/register.`);
  });

  test('is not reported if something else does, or may do so', async () => {
    await write({
      'app.mjs': IMPORT,
      'by-hand.mjs': `import { instrumentOpenAI } from '${PACKAGE_NAME}/client';\n${IMPORT}`,
      'telemetry.mjs': SET_UP,
    });
    const preload = `node --import ${PACKAGE_NAME}`;
    for (const rest of ['by-hand.mjs', '--import ./telemetry.mjs app.mjs', '--import @company/setup app.mjs'])
      expect(look(`${preload} ${rest}`)).not.toContain('preload_without_effect');
    expect(look(`node --import ${PACKAGE_NAME}/openai app.mjs`)).toEqual(WELL);
  });
});

describe('an ES module that imports its setup itself', () => {
  const TOO_LATE = ['problem', 'set_up_too_late'];

  test.each([
    ['before openai', `import './telemetry.mjs';\n${IMPORT}`],
    ['after openai', `${IMPORT}import './telemetry.mjs';`],
    ['while another file imports openai', `import './telemetry.mjs';\nimport './client.mjs';`],
  ])('is too late, whatever the order: %s', async (_, source) => {
    await write({ 'app.mjs': source, 'telemetry.mjs': SET_UP, 'client.mjs': IMPORT });
    expect(look('node app.mjs')).toEqual(TOO_LATE);
    expect(actions('node app.mjs')).toContain('Add --import=./telemetry.mjs before app.mjs.');
  });

  test('is too late with …/register, and in the file of the program', async () => {
    await write({ 'app.mjs': `import '${PACKAGE_NAME}/register';\n${IMPORT}`, 'own.mjs': SET_UP + IMPORT });
    expect(look('node app.mjs')).toEqual(TOO_LATE);
    expect(actions('node app.mjs')).toContain(`Add --import=${PACKAGE_NAME}/register before app.mjs.`);
    expect(look('node own.mjs')).toEqual(TOO_LATE);
    expect(actions('node own.mjs')).toContain(
      'Move the setup to a file of its own, such as telemetry.mjs. Add --import=./telemetry.mjs before own.mjs.',
    );
  });

  test('is in time if openai is imported dynamically or required', async () => {
    const later = `import './telemetry.mjs';\nconst { default: OpenAI } = await import('openai');`;
    const required = `import './telemetry.mjs';\nimport './client.cjs';`;
    await write({
      'app.mjs': later,
      'required.mjs': required,
      'client.cjs': `require('openai');`,
      'telemetry.mjs': SET_UP,
    });
    expect(look('node app.mjs')).toEqual(WELL);
    expect(look('node required.mjs')).toEqual(WELL);
  });

  test('is named by its path from the folder of the command', async () => {
    const app = `import './lib/telemetry.mjs';\n${IMPORT}`;
    await write({ 'package.json': {}, 'app/app.mjs': app, 'app/lib/telemetry.mjs': SET_UP });
    expect(actions('node app.mjs', { folder: 'app' })).toEqual([
      'Add --import=./lib/telemetry.mjs before app.mjs.',
    ]);
  });

  test('a preloaded setup that imports openai is too late as well', async () => {
    await write({ 'app.mjs': IMPORT, 'telemetry.mjs': IMPORT + SET_UP });
    expect(look('node --import ./telemetry.mjs app.mjs')).toEqual(TOO_LATE);
  });
});

test('CommonJS passes in any order', async () => {
  await write({
    'telemetry.cjs': COMMONJS_SET_UP,
    'first.cjs': `require('./telemetry.cjs');\nrequire('openai');`,
    'last.cjs': `require('openai');\nrequire('./telemetry.cjs');`,
  });
  expect([look('node first.cjs'), look('node last.cjs')]).toEqual([WELL, WELL]);
});

test('the type of a file follows from its name, the nearest package.json, or its syntax', async () => {
  await write({
    'a.mjs': '',
    'b.cjs': '',
    'c.js': `import 'a';`,
    'd.js': `require('a');`,
    'e/package.json': { type: 'module' },
    'e/e.js': `require('a');`,
    'e/f/package.json': { type: 'commonjs' },
    'e/f/f.js': `import 'a';`,
    'g.ts': `import 'a';`,
  });
  const [es, commonjs] = ['an ES module', 'CommonJS'];
  for (const [command, type] of Object.entries({
    'node a.mjs': es,
    'node b.cjs': commonjs,
    'node c.js': es,
    'node d.js': commonjs,
    'node e/e.js': es,
    'node e/f/f.js': commonjs,
    'node g.ts': es,
    'tsx g.ts': commonjs,
  }))
    expect(checkOf(command).detail, command).toContain(`, ${type} (`);
});

describe('on a Node that cannot hook ES modules', () => {
  const { registerHooks } = module;
  beforeEach(async () => {
    Object.defineProperty(module, 'registerHooks', { value: undefined, configurable: true, writable: true });
    await write({
      'app.mjs': IMPORT,
      'app.cjs': `require('openai');`,
      'drop-in.mjs': `import OpenAI from '${PACKAGE_NAME}/openai';`,
      'client.mjs': `${IMPORT}import { instrumentOpenAI } from '${PACKAGE_NAME}/client';`,
      'flush.mjs': `${IMPORT}import { flush } from '${PACKAGE_NAME}/client';`,
    });
  });
  afterEach(() => {
    Object.defineProperty(module, 'registerHooks', { value: registerHooks });
  });

  test.each(['app.mjs', 'flush.mjs'])('they are reported: %s', (entry) => {
    expect(look(`node --require ${PACKAGE_NAME}/register ${entry}`)).toEqual(['problem', 'node_too_old']);
  });

  test.each(['app.cjs', 'drop-in.mjs', 'client.mjs'])('other programs pass: %s', (entry) => {
    expect(look(`node --require ${PACKAGE_NAME}/register ${entry}`)).toEqual(WELL);
  });
});

test.each(['Bun', 'Deno'])('%s has no module hooks, and the finding names it', async (runtime) => {
  await write({
    'app.ts': IMPORT,
    'npm.ts': `import OpenAI from 'npm:openai@6';`,
    'by-hand.ts': `import OpenAI from 'npm:${PACKAGE_NAME}@1/openai';`,
  });
  const start = `${runtime.toLowerCase()} run --import ${PACKAGE_NAME}/register`;
  expect(look(`${start} app.ts`)).toEqual(['problem', 'node_too_old']);
  expect(look(`${start} npm.ts`)).toEqual(['problem', 'node_too_old']);
  // Without a preload, too: to add one would not help.
  expect(look(`${runtime.toLowerCase()} run app.ts`)).toEqual(['problem', 'node_too_old']);
  expect(look(`${start} by-hand.ts`)).toEqual(WELL);
  const [finding] = checkOf(`${start} app.ts`).findings;
  expect(finding?.message).toContain(`${runtime} has no module hooks`);
  expect(finding?.action).not.toContain('Node 22.15');
});

describe('a bundle', () => {
  const BUNDLED = `headers = { 'X-Stainless-Lang': 'js', 'OpenAI-Organization': this.organization };`;

  test('that contains openai is reported', async () => {
    await write({ 'dist/app.js': BUNDLED, 'telemetry.cjs': COMMONJS_SET_UP });
    expect(look('node -r ./telemetry.cjs dist/app.js')).toEqual(['problem', 'openai_in_bundle']);
  });

  test('that contains another SDK, or this package, is not', async () => {
    await write({
      'other.js': `headers = { 'X-Stainless-Lang': 'js', 'X-Api-Key': key };`,
      'ours.js': `${BUNDLED} const NAME = '${PACKAGE_NAME}'; instrument(client);`,
    });
    expect(look('node other.js')).toEqual(['skipped']);
    expect(look('node ours.js')).toEqual(['skipped']);
  });
});

describe('untrusted files', () => {
  test('a large package.json is parsed once, and not at each import', async () => {
    const large = JSON.stringify({
      name: 'large',
      dependencies: { openai: '*' },
      filler: 'a'.repeat(4_800_000),
    });
    await write({ 'node_modules/large/package.json': large, 'app.mjs': `import 'large';\n`.repeat(20_000) });
    // Parsed at each import, it takes minutes.
    expect(look('node app.mjs')).toContain('set_up_not_loaded');
  });

  test('outside the project are not read', async () => {
    await write({ 'app/package.json': {}, 'app/app.mjs': `import '../outside.mjs';`, 'outside.mjs': IMPORT });
    await symlink(join(project, 'outside.mjs'), join(project, 'app/link.mjs'));
    for (const file of ['app.mjs', 'link.mjs'])
      expect(look(`node ${file}`, { folder: 'app' })).toEqual(['skipped']);
  });

  test('that import each other or never end do no harm', async () => {
    await write({ 'a.mjs': `import './b.mjs';`, 'b.mjs': `import './a.mjs'; import './zero.mjs';` });
    await symlink('/dev/zero', join(project, 'zero.mjs'));
    expect(look('node a.mjs')).toEqual(['skipped']);
    expect(look('node zero.mjs')).toEqual(['skipped']);
  });
});
