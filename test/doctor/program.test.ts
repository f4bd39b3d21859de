import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** Programs of their own, in a project of their own: what is loaded when, and what of it the doctor notices. */
let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'doctor-'));
});
afterEach(() => rm(project, { recursive: true }));

const source = (file: string): string => JSON.stringify(pathToFileURL(resolve('src', file)).href);
const START = `
  const { doctor, OpenAIInstrumentation } = await import(${source('index.ts')});
  new OpenAIInstrumentation();
`;
/** Loads a copy of `openai`, of which there are several. `index.js` loads the file with the client. */
const load = (copy: keyof typeof COPIES, file = 'client.js'): string =>
  `require('./${copy}/openai/${file}');`;
const COPIES = { node_modules: '7.55.0', 'node_modules/library/node_modules': '6.49.0', untested: '9.0.0' };

/** Puts the client of each version of `openai` into its folder, as far as hooks look at it. */
async function writeCopies(): Promise<void> {
  for (const [folder, version] of Object.entries(COPIES)) {
    const directory = join(project, folder, 'openai');
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'openai', version }));
    const client = 'exports.OpenAI = class OpenAI { makeRequest() {} request() {} };';
    await writeFile(join(directory, 'client.js'), client);
    await writeFile(join(directory, 'index.js'), "module.exports = require('./client.js');");
  }
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

test.each<[openai: string, program: string, codes: string[]]>([
  [
    'loaded early, of which several files define the client',
    load('node_modules', 'index.js') + START,
    ['openai_loaded_early'],
  ],
  [
    'that the hooks of an earlier instrumentation saw',
    `${START + load('node_modules')} new OpenAIInstrumentation();`,
    [],
  ],
  ['of an untested version', START + load('untested'), ['openai_untested']],
  [
    'in two copies',
    START + load('node_modules/library/node_modules') + load('node_modules'),
    ['openai_twice'],
  ],
  [
    'in a bundle that calls instrumentOpenAI',
    `class OpenAI { makeRequest() {} request() {} }
    const { instrumentOpenAI } = await import(${source('client.ts')}); instrumentOpenAI(OpenAI);${START}`,
    [],
  ],
])('openai %s', async (_, program, codes) => {
  await writeCopies();
  expect(await codesOf(program)).toEqual(codes);
});

test('two copies of this package are reported', async () => {
  await symlink(resolve('node_modules'), join(project, 'node_modules'));
  await cp(resolve('src'), join(project, 'src'), { recursive: true });
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  expect(await codesOf(`${START} await import('./src/index.ts');`)).toContain('package_twice');
});
