// What the module hooks do to modules that are no client of openai, or that somebody else has changed before.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const CLIENT = 'exports.OpenAI = class OpenAI { makeRequest() {} };\n';
const directory = mkdtempSync(join(tmpdir(), 'loading-'));
const require = createRequire(join(directory, 'program.js'));

function writePackage(manifest: { name: string; version: string }, file: string, source: string): void {
  const folder = join(directory, 'node_modules', manifest.name);
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, file), source);
}
writePackage({ name: 'openai', version: '9.9.9' }, 'client.js', CLIENT);
writePackage({ name: 'other', version: '1.0.0' }, 'client.js', CLIENT);
const API = '@opentelemetry/api/build/src/index.js';
writePackage({ name: '@opentelemetry/api', version: '1.9.9' }, 'build/src/index.js', 'exports.trace = {};\n');

// A loader of the program's own that knows modules of another machine, whose URL is no path here.
module.registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'elsewhere'
      ? { url: 'file://elsewhere/client.mjs', shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) =>
    url.startsWith('file://elsewhere/')
      ? { format: 'module', source: 'export const found = true;', shortCircuit: true }
      : next(url, context),
});

const LOAD = '../../../src/sdk/loading/module-hooks.ts';
const heard: unknown[] = [];
for (const copy of ['first', 'second']) {
  const { onClientLoaded } = (await import(
    `${LOAD}?${copy}`
  )) as typeof import('../../../src/sdk/loading/module-hooks.ts');
  onClientLoaded({ client: ({ version }) => heard.push({ copy, version }) });
}
require('other/client.js');
require('openai/client.js');
const changed: string[] = [];
module.registerHooks({
  load: (url, context, next) => {
    const result = next(url, context);
    if (/\bglobalThis\[Symbol\.for\(/.test(String(result.source))) changed.push(url.split('/').at(-1) ?? '');
    return result;
  },
});
require(API);
const awaiting = (await import(
  `${LOAD}?first` as string
)) as typeof import('../../../src/sdk/loading/module-hooks.ts');
const copies: string[] = [];
awaiting.onClientLoaded({ client: () => {}, api: (copy) => copies.push(Object.keys(copy).join()) });
delete require.cache[require.resolve(API)];
require(API);
const { found } = (await import('elsewhere' as string)) as { found: boolean };
rmSync(directory, { recursive: true });
console.log(JSON.stringify({ heard, changed, copies, found }));
