// How often the module hooks are asked while a client of openai loads, and whether they hear of what is loaded later.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const OTHER_FILES = 20;
const CLIENT = 'exports.OpenAI = class OpenAI { makeRequest() {} };\n';
const directory = mkdtempSync(join(tmpdir(), 'resting-'));
const require = createRequire(join(directory, 'program.js'));

function writeClient(folder: string, ending: string): void {
  const path = join(directory, folder, 'node_modules', 'openai');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name: 'openai', version: '9.9.9' }));
  const others = Array.from({ length: OTHER_FILES }, (_, index) => `other-${index}.js`);
  for (const other of others) writeFileSync(join(path, other), '');
  const requires = others.map((other) => `require('./${other}');\n`).join('');
  writeFileSync(join(path, 'client.js'), `${requires}${CLIENT}${ending}`);
}

let asked = 0;
const { registerHooks } = module;
module.registerHooks = ({ load, ...more }) =>
  registerHooks({
    ...more,
    load(url, context, next) {
      asked++;
      return load?.(url, context, next) ?? next(url, context);
    },
  });

const { onClientLoaded } = await import('../../../src/sdk/loading/module-hooks.ts');
const heard: string[] = [];
onClientLoaded({ client: ({ file }) => heard.push(file.slice(directory.length + 1).split('/')[0] ?? '') });
asked = 0;
const loadAll = (folder: string): unknown => require(`./${folder}/node_modules/openai/client.js`);
writeClient('first', '');
loadAll('first');
const askedForFirst = asked;
writeClient('second', '');
loadAll('second');
writeClient('broken', 'throw new Error("This file does not load")');
try {
  loadAll('broken');
} catch {}
await Promise.resolve();
writeClient('last', '');
loadAll('last');
rmSync(directory, { recursive: true });
console.log(JSON.stringify({ askedForFirst, heard }));
