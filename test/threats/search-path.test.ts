import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BUNDLED_PACKAGES } from '../support/lanes/paths.ts';

/*
 * The attacker wrote the folder that a program is started in, and put packages there under the names that this
 * package looks for. The program lies elsewhere. Nothing of that folder may run.
 *
 *   tool/      the program, with the packages that each test installs
 *   library/   this package, with the packages that each test installs
 *   hostile/   the working directory, with everything
 */

const SDK = '@opentelemetry/sdk-node';
const PRICES = '@pydantic/genai-prices';

/** Everything that is ever loaded by name, and what loads beside it. */
const WANTED = [
  SDK,
  PRICES,
  '@opentelemetry/api',
  '@opentelemetry/api-logs',
  '@opentelemetry/exporter-trace-otlp-grpc',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/exporter-trace-otlp-proto',
  '@opentelemetry/exporter-zipkin',
  '@opentelemetry/instrumentation',
  '@opentelemetry/sdk-trace',
  '@opentelemetry/sdk-trace-base',
  'openai',
  'require-in-the-middle',
];

const REAL = createRequire(import.meta.url);
/** As it is built: with the libraries that only the command needs. */
const COMMAND = resolve('dist', 'cli.cjs');

let root: string;
const at = (...path: string[]): string => join(root, ...path);
const register = (): string => at('library', 'dist', 'register.cjs');

/** The folder of an installed package. */
function realFolder(name: string): string {
  const paths = REAL.resolve.paths(name) ?? [];
  const found = paths.map((path) => join(path, name)).find((path) => REAL('node:fs').existsSync(path));
  return found ?? name;
}

async function link(name: string, owner: string): Promise<void> {
  const folder = at(owner, 'node_modules', name);
  await mkdir(dirname(folder), { recursive: true });
  await symlink(realFolder(name), folder);
}

/** Installs a package that notes down whose copy was loaded, and then is the real one or nothing at all. */
async function install(owner: string, name: string, works = true): Promise<void> {
  const folder = at(owner, 'node_modules', name);
  await mkdir(folder, { recursive: true });
  const note = `require('node:fs').appendFileSync(${JSON.stringify(at('loaded'))}, '${owner} ${name}\\n');`;
  const real = (): string => (name === SDK ? join(BUNDLED_PACKAGES, name) : REAL.resolve(name));
  const is = works ? `module.exports = require(${JSON.stringify(real())});` : '';
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0' }));
  await writeFile(join(folder, 'index.js'), `${note}\n${is}\n`);
}

async function uninstall(owner: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(at(owner, 'node_modules', name), { recursive: true, force: true });
}

const PROGRAM = `
  const { OpenAI } = require('openai');
  const answer = {
    id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-4o',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello' } }],
    usage: { prompt_tokens: 1000, completion_tokens: 1000, total_tokens: 2000 },
  };
  const client = new OpenAI({ apiKey: 'test', maxRetries: 0, fetch: async () => Response.json(answer) });
  client.chat.completions
    .create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] })
    .then(({ choices }) => console.log(choices.length));
`;

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'search-path-')));
  await cp(resolve('dist'), at('library', 'dist'), { recursive: true });
  for (const name of ['@opentelemetry/api', 'require-in-the-middle']) await link(name, 'library');
  await link('openai', 'tool');
  await writeFile(at('tool', 'main.js'), PROGRAM);
  await writeFile(at('tool', 'package.json'), '{ "main": "main.js" }');
  for (const name of WANTED) await install('hostile', name, false);
  await writeFile(at('hostile', 'document.txt'), '');
  await mkdir(at('hostile', 'node_modules', '.bin'));
  await symlink(at('tool', 'main.js'), at('hostile', 'node_modules', '.bin', 'tool'));
});
afterAll(() => rm(root, { recursive: true }));

beforeEach(async () => {
  for (const owner of ['tool', 'library']) await uninstall(owner, [SDK, PRICES]);
  await writeFile(at('loaded'), '');
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Whose copy of which package was loaded. */
  readonly loaded: readonly string[];
}

/** Runs Node in a folder, and the program is what it is told. */
async function run(folder: string, parameters: readonly string[], input = ''): Promise<Ended> {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const env = { PATH, NODE_COMPILE_CACHE, OTEL_TRACES_EXPORTER: 'console', NODE_NO_WARNINGS: '1' };
  const child = spawn(process.execPath, parameters, { cwd: at(folder), env });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
    });
  child.stdin.end(input);
  const code = await new Promise<number | null>((done) => void child.on('close', done));
  const loaded = (await readFile(at('loaded'), 'utf8')).split('\n').filter((line) => line !== '');
  return { code, ...out, loaded };
}

const registered = (...parameters: string[]): string[] => ['--import', register(), ...parameters];

/** The ways to name the program from the folder beside it. */
const STARTS = [
  ['by an absolute path', () => at('tool', 'main.js')],
  ['by a relative path', () => '../tool/main.js'],
  ['without its extension', () => '../tool/main'],
  ['as a folder with a main file', () => '../tool'],
  ['by a link in node_modules/.bin', () => 'node_modules/.bin/tool'],
] as const;

describe.each(STARTS)('a program that is started %s in a folder with packages of an attacker', (_, main) => {
  test('runs none of them, and prints what to install', async () => {
    const { stderr, ...ended } = await run('hostile', registered(main()));
    expect(ended).toEqual({ code: 0, stdout: '1\n', loaded: [] });
    expect(stderr).toContain(`npm install @opentelemetry/api ${SDK}`);
  });

  test.each([
    ['its own copies', 'tool'],
    ['those of this package if it has none', 'library'],
  ])('uses %s', async (_copies, owner) => {
    for (const name of [SDK, PRICES]) await install(owner, name);
    const { stderr, ...ended } = await run('hostile', registered(main()));
    expect(ended).toEqual({ code: 0, stdout: '1\n', loaded: [`${owner} ${SDK}`, `${owner} ${PRICES}`] });
    expect(stderr).toMatch(/^chat gpt-4o .*\$/);
  });
});

describe('an attacker who wrote only one of the packages', () => {
  test('cannot provide prices for a program without a price package', async () => {
    await install('tool', SDK);
    const { stderr, ...ended } = await run('hostile', registered('../tool'));
    expect(ended).toEqual({ code: 0, stdout: '1\n', loaded: [`tool ${SDK}`] });
    expect(stderr).toMatch(/^chat gpt-4o/);
    expect(stderr).not.toContain('$');
  });

  test('cannot provide the hook for a Node without module hooks', async () => {
    await install('tool', SDK);
    const without = 'data:text/javascript,import module from "node:module"; delete module.registerHooks;';
    const { stderr, ...ended } = await run('hostile', ['--import', without, ...registered('../tool')]);
    expect(ended).toEqual({ code: 0, stdout: '1\n', loaded: [`tool ${SDK}`] });
    expect(stderr).toMatch(/^chat gpt-4o/);
  });
});

test('a bundle that does not know its own file runs nothing from its working directory', async () => {
  await cp(resolve('src'), at('bundle', 'src'), { recursive: true });
  await writeFile(at('bundle', 'package.json'), '{ "type": "module" }');
  // The last one is part of the build; the sources import it.
  for (const name of ['@opentelemetry/api', 'require-in-the-middle', 'openai-traces-viewer'])
    await link(name, 'bundle');
  const file = at('bundle', 'src', 'util', 'optional-packages.ts');
  const source = await readFile(file, 'utf8');
  const unknown = source.replace(/return typeof __filename .*;/, 'return undefined;');
  expect(unknown).not.toBe(source);
  await writeFile(file, unknown);
  const bundled = ['--import', at('bundle', 'src', 'register.ts'), '../tool'];
  expect(await run('hostile', bundled)).toMatchObject({ code: 0, loaded: [] });
  for (const name of [SDK, PRICES]) await install('tool', name);
  const loaded = [`tool ${SDK}`, `tool ${PRICES}`];
  expect(await run('hostile', bundled)).toMatchObject({ code: 0, loaded });
});

describe('code without a file', () => {
  /** How Node is told to run it, with an argument for it. */
  const WAYS: readonly (readonly [string, (argument: string) => [string[], string?]])[] = [
    ['-e', (argument) => [['-e', PROGRAM, argument]]],
    ['--eval=', (argument) => [[`--eval=${PROGRAM}`, argument]]],
    ['-p', (argument) => [['-p', `${PROGRAM}; ''`, argument]]],
    ['standard input', (argument) => [['-', argument], PROGRAM]],
  ];

  test.each(WAYS)('by %s uses the packages beside this one', async (_, way) => {
    for (const name of [SDK, PRICES]) for (const owner of ['tool', 'library']) await install(owner, name);
    const [parameters, input] = way('argument');
    const { code, loaded, stderr } = await run('tool', registered(...parameters), input);
    expect({ code, loaded }).toEqual({ code: 0, loaded: [`library ${SDK}`, `library ${PRICES}`] });
    expect(stderr).toMatch(/^chat gpt-4o .*\$/);
  });

  test.each(WAYS)('by %s does not run code beside a file that it receives as an argument', async (_, way) => {
    const [parameters, input] = way(at('hostile', 'document.txt'));
    const { code, loaded, stderr } = await run('tool', registered(...parameters), input);
    expect({ code, loaded }).toEqual({ code: 0, loaded: [] });
    expect(stderr).toContain(`npm install @opentelemetry/api ${SDK}`);
  });

  test('in a worker of a program does not run code in the working directory', async () => {
    const openai = JSON.stringify(REAL.resolve('openai'));
    // Node loads no `--import` in a worker that runs code.
    const code = `require(${JSON.stringify(register())}); ${PROGRAM.replace("'openai'", openai)}`;
    const worker = `new (require('node:worker_threads').Worker)(${JSON.stringify(code)}, { eval: true });`;
    await writeFile(at('tool', 'worker.js'), worker);
    const { stderr, ...ended } = await run('hostile', ['../tool/worker.js']);
    expect(ended).toEqual({ code: 0, stdout: '1\n', loaded: [] });
    expect(stderr).toContain(`npm install @opentelemetry/api ${SDK}`);
  });
});

describe('the command', () => {
  test('doctor reads the package.json files of an attacker, and runs nothing', async () => {
    const ended = await run('hostile', [COMMAND, 'doctor']);
    expect(ended.loaded).toEqual([]);
    expect(ended.stdout).toContain('openai 1.0.0 is not traced');
  });

  test('view runs nothing of an attacker either', async () => {
    const ended = await run('hostile', [COMMAND, 'view', 'document.txt']);
    expect(ended.loaded).toEqual([]);
    expect(ended.code).not.toBe(0);
  });
});
