// What the module hooks do to modules that are no client of openai, or that somebody else has changed before.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CLIENT = 'exports.OpenAI = class OpenAI { makeRequest() {} };\n';
const directory = mkdtempSync(join(tmpdir(), 'loading-'));
const require = createRequire(join(directory, 'program.js'));

function writePackage(name: string, manifest: object): void {
  const folder = join(directory, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'client.js'), CLIENT);
}
writePackage('openai', { name: 'openai', version: '9.9.9' });
writePackage('other', { name: 'other', version: '1.0.0' });

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

const LOAD = '../../../src/sdk/module-hooks.ts';
const heard: unknown[] = [];
for (const copy of ['first', 'second']) {
  const { onClientLoaded } = (await import(
    `${LOAD}?${copy}`
  )) as typeof import('../../../src/sdk/module-hooks.ts');
  onClientLoaded({ client: ({ version }) => heard.push({ copy, version }) });
}
require('other/client.js');
require('openai/client.js');
const { found } = (await import('elsewhere' as string)) as { found: boolean };
rmSync(directory, { recursive: true });
console.log(JSON.stringify({ heard, found }));
