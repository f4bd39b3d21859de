import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** Programs of their own, in a project of their own: what is loaded when, and what of it the doctor notices. */
let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'doctor-'));
});
afterEach(() => rm(project, { recursive: true }));

const SOURCES = pathToFileURL(resolve('src/index.ts')).href;
const START = `
  const { doctor, OpenAIInstrumentation } = await import(${JSON.stringify(SOURCES)});
  new OpenAIInstrumentation();
`;

/** Puts the client of a version of `openai` into a folder, as far as hooks look at it. */
async function writeOpenAI(folder: string, version: string): Promise<string> {
  const directory = join(project, folder, 'openai');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'openai', version }));
  await writeFile(
    join(directory, 'client.js'),
    'exports.OpenAI = class OpenAI { makeRequest() {} request() {} };',
  );
  return join(directory, 'client.js');
}

/** The codes that the doctor finds at the end of a program, but that nothing of OpenTelemetry is there. */
async function codesOf(text: string): Promise<string[]> {
  const file = join(project, 'app.mjs');
  const head = "import module from 'node:module'; const require = module.createRequire(import.meta.url);";
  const end = 'console.log(JSON.stringify(doctor().map(({ code }) => code)));';
  await writeFile(file, [head, text, end].join('\n'));
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  return (JSON.parse(stdout) as string[]).filter((code) => code !== 'no_tracer_provider');
}

const load = (file: string): string => `require(${JSON.stringify(file)});`;

test('openai loaded after the instrumentation has no finding', async () => {
  const client = await writeOpenAI('node_modules', '7.55.0');
  expect(await codesOf(START + load(client))).toEqual([]);
});

test('openai loaded before the instrumentation is reported', async () => {
  const client = await writeOpenAI('node_modules', '7.55.0');
  expect(await codesOf(load(client) + START)).toEqual(['openai_loaded_early']);
});

test('a copy of openai that was loaded early is reported once, though several of its files define the client', async () => {
  const client = await writeOpenAI('node_modules', '7.55.0');
  const index = join(client, '..', 'index.js');
  await writeFile(index, "module.exports = require('./client.js');");
  expect(await codesOf(load(index) + START)).toEqual(['openai_loaded_early']);
});

test('openai that the hooks of an earlier instrumentation saw is not reported as loaded early', async () => {
  const client = await writeOpenAI('node_modules', '7.55.0');
  expect(await codesOf(`${START + load(client)} new OpenAIInstrumentation();`)).toEqual([]);
});

test('an untested version is reported', async () => {
  const client = await writeOpenAI('node_modules', '9.0.0');
  expect(await codesOf(START + load(client))).toEqual(['openai_untested']);
});

test('two copies of openai are reported', async () => {
  const one = await writeOpenAI('node_modules', '6.49.0');
  const two = await writeOpenAI('node_modules/library/node_modules', '7.55.0');
  expect(await codesOf(START + load(one) + load(two))).toEqual(['openai_twice']);
});

describe('openai that no hook sees', () => {
  test('is reported if it is bundled into the program', async () => {
    const bundled = 'class OpenAI { makeRequest() {} request() {} }\nnew OpenAI();\n';
    expect(await codesOf(bundled + START)).toEqual(['openai_not_seen']);
  });

  test('is not reported if the program calls instrumentOpenAI', async () => {
    const client = JSON.stringify(pathToFileURL(resolve('src/client.ts')).href);
    const bundled = 'class OpenAI { makeRequest() {} request() {} }\n';
    const handOver = `const { instrumentOpenAI } = await import(${client}); instrumentOpenAI(OpenAI);\n`;
    expect(await codesOf(bundled + handOver + START)).toEqual([]);
  });
});

test('two copies of this package are reported', async () => {
  await symlink(resolve('node_modules'), join(project, 'node_modules'));
  await cp(resolve('src'), join(project, 'src'), { recursive: true });
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  expect(await codesOf(`${START} await import('./src/index.ts');`)).toContain('package_twice');
});

test('an ES module on a Node without module hooks is reported', async () => {
  expect(await codesOf(`delete module.registerHooks; ${START}`)).toContain('node_too_old');
});
