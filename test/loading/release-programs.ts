/** A program, how it is started, and how the instrumentation is set up. */
export interface ReleaseCase {
  readonly title: string;
  readonly file: string;
  /** Options of Node that the program has with and without the instrumentation. */
  readonly options?: readonly string[];
  readonly setUp?: SetUp;
  /** Whether the instrumentation is loaded before what `options` load. Default: after. */
  readonly isFirst?: boolean;
  /** Whether `npm run test:all` runs it on its releases of Node, too. */
  readonly isCommon?: boolean;
}

type SetUp = 'register' | 'telemetry.mjs' | 'telemetry.cjs' | 'NODE_OPTIONS';

/** Answers itself: what matters is what loads. Says at the end how many calls there were. */
const CALL = `
const { writeSync } = require('node:fs');
let calls = 0;
process.on('exit', () => writeSync(1, 'calls: ' + calls + '\\n'));
exports.ask = async (OpenAI, options) => {
  calls++;
  const message = { role: 'assistant', content: 'Hello' };
  const answer = { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, finish_reason: 'stop', message }] };
  const fetch = async () => Response.json(answer);
  const client = new OpenAI({ apiKey: 'test', baseURL: 'http://127.0.0.1:1/v1', fetch, ...options });
  const { choices } = await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] });
  if (choices[0].message.content !== 'Hello') throw new Error('another answer');
  return client;
};`;
const ASK = `import { ask } from './call.cjs';`;
const EXPRESS = `import express from 'express';`;
const OPENAI = `import OpenAI from 'openai';`;
const REQUIRE = `const { ask } = require('./call.cjs');`;

/** Each calls at the top level, right after its imports. */
const PROGRAMS = {
  'express.mjs': `${EXPRESS} ${OPENAI} ${ASK} await ask(OpenAI); console.log(typeof express, OpenAI.name);`,
  'openai.mjs': `${OPENAI} ${EXPRESS} ${ASK} await ask(OpenAI); console.log(typeof express, OpenAI.name);`,
  'axios.mjs': `import axios from 'axios'; ${OPENAI} ${ASK} await ask(OpenAI); console.log(typeof axios);`,
  'alone.mjs': `${OPENAI} ${ASK} await ask(OpenAI);`,
  'api.mjs': `import 'ms'; import * as api from '@opentelemetry/api'; ${EXPRESS} ${OPENAI} ${ASK}
    await ask(OpenAI); console.log(Object.keys(api).length, typeof express);`,
  'common.cjs': `const OpenAI = require('openai'); ${REQUIRE}
    ask(OpenAI).then(() => Promise.all([import('express'), import('openai')])).then(async ([, imported]) => {
      await ask(imported.default); console.log(imported.default === OpenAI);
    });`,
  'legacy.cjs': `const OpenAI = require('openai'); const express = require('express'); ${REQUIRE}
    module.exports = { OpenAI, express, run: () => ask(OpenAI) };`,
  'mixed.mjs': `import legacy from './legacy.cjs'; ${EXPRESS} ${OPENAI} ${ASK}
    await ask(OpenAI); await legacy.run(); console.log(OpenAI === legacy.OpenAI, express === legacy.express);`,
  'legacy-only.cjs': `const OpenAI = require('openai'); ${REQUIRE} module.exports = () => ask(OpenAI);`,
  'legacy-client.cjs': `const { OpenAI } = require('openai/client'); ${REQUIRE} module.exports = () => ask(OpenAI);`,
  'legacy-only.mjs': `import run from './legacy-only.cjs'; import again from './legacy-client.cjs'; const both = [run(), again()]; await Promise.all(both);`,
  'interop.cjs': `Object.defineProperty(exports, '__esModule', { value: true }); exports.OpenAI = require('openai').default; exports.express = require('express');`,
  'reexported.mjs': `export { OpenAI as default } from 'openai/index.mjs'; export * from 'express';`,
  'interop.mjs': `${EXPRESS} import common from './interop.cjs'; import Reexported from './reexported.mjs'; ${ASK}
    await ask(common.OpenAI); await ask(Reexported); console.log(common.express === express, common.OpenAI === Reexported);`,
  'dynamic.mjs': `${ASK} const [{ default: express }, openai] = await Promise.all([import('express'), import('openai')]);
    await ask(openai.default); console.log(typeof express, openai === (await import('openai')), Object.keys(openai).join());`,
  'dynamic.cjs': `${REQUIRE} module.exports = import('openai').then(({ default: OpenAI }) => ask(OpenAI));`,
  'dynamic-in-common.mjs': `import asked from './dynamic.cjs'; ${EXPRESS} await asked; console.log(typeof express);`,
  'parallel.mjs': `${ASK} const names = ['openai/client', 'express', 'openai', 'axios', 'with-openai-4', 'ms', 'openai/azure', '@opentelemetry/api', 'with-openai-6'];
    const loading = names.map((name) => { import.meta.resolve('openai/client'); return import(name); });
    const [client, express, openai, , four, , , , six] = await Promise.all(loading);
    await ask(client.OpenAI); await ask(four.OpenAI4); await ask(six.OpenAI6); console.log(typeof express.default, client.OpenAI === openai.default);`,
  'deep.mjs': `${EXPRESS} import { APIError } from 'openai/error'; import { AzureOpenAI } from 'openai/azure'; import { OpenAI as Client } from 'openai/client';
    import Default, * as all from 'openai'; ${ASK}
    class Own extends Client {}
    await ask(AzureOpenAI, { apiVersion: '1' }); const client = await ask(Default); await ask(Own);
    console.log(Client === Default, all.OpenAI === Client, client instanceof Client, all.APIError === APIError, Object.keys(all).length, typeof express);`,
  'resolved.mjs': `const client = import.meta.resolve('openai/client'); ${EXPRESS} ${OPENAI} ${ASK}
    console.log(client.endsWith('/openai/client.mjs'), import.meta.resolve('openai').endsWith('/openai/index.mjs'));
    await ask(OpenAI); console.log((await import(client)).OpenAI === OpenAI, typeof express);`,
  'resolved-only.mjs': `import { createRequire } from 'node:module'; ${ASK} const require = createRequire(import.meta.url);
    const loading = import('express'); import.meta.resolve('openai'); import.meta.resolve('openai/client'); require.resolve('openai/client'); require.resolve('openai/client.mjs');
    const { default: express } = await loading; await import('axios'); const { default: OpenAI } = await import('openai'); await ask(OpenAI); console.log(typeof express);`,
  'create-require.mjs': `import { createRequire } from 'node:module'; ${EXPRESS} ${ASK} const require = createRequire(import.meta.url);
    const required = require('openai/client.mjs'); await ask(required.OpenAI); const [openai] = await Promise.all([import('openai'), import('axios')]);
    const common = require('openai'); await ask(common); console.log(openai.default === required.OpenAI, openai.default === common, typeof express);`,
  'race.mjs': `import { createRequire } from 'node:module'; ${ASK} const require = createRequire(import.meta.url);
    const loading = [import('express'), import('ms')]; const common = require('openai'); loading.push(import('openai'), import('axios')); const asked = ask(common);
    const [{ default: express }, , openai] = await Promise.all(loading); await asked; await ask(openai.default); console.log(typeof express);`,
  'pair.mjs': `${EXPRESS} ${OPENAI} export { express, OpenAI };`,
  'require-es.cjs': `const { OpenAI, express } = require('./pair.mjs'); ${REQUIRE} const asked = ask(OpenAI); asked.then(() => console.log(typeof express));`,
  'require-es-race.cjs': `const loading = import('express'); const OpenAI = require('openai/index.mjs').default; ${REQUIRE} const asked = ask(OpenAI);
    loading.then(async ({ default: express }) => { await asked; console.log(typeof express, (await import('openai')).default === OpenAI); });`,
  'deep.cjs': `const { OpenAI } = require('openai/client'); const { AzureOpenAI } = require('openai/azure'); ${REQUIRE} const asked = ask(OpenAI);
    asked.then(() => ask(AzureOpenAI, { apiVersion: '1' })).then(() => import('express')).then((express) => console.log(typeof express.default));`,
  'reloaded.cjs': `${REQUIRE} const first = require('openai'); for (const file of Object.keys(require.cache)) if (/[\\\\/]openai[\\\\/]/.test(file)) delete require.cache[file];
    const second = require('openai'); ask(first).then(() => ask(second)).then(() => console.log(first === second));`,
  'cycle-a.mjs': `import { isSame } from './cycle-b.mjs'; ${OPENAI} export const client = () => OpenAI; export const compare = isSame;`,
  'cycle-b.mjs': `import { client } from './cycle-a.mjs'; ${OPENAI} ${EXPRESS} export const isSame = () => client() === OpenAI && typeof express;`,
  'cycle.mjs': `import { client, compare } from './cycle-a.mjs'; ${ASK} await ask(client()); console.log(compare());`,
  'later.mjs': `await new Promise((resolve) => setImmediate(resolve)); const { default: OpenAI } = await import('openai'); export { OpenAI };`,
  'top-level-await.mjs': `import { OpenAI as Later } from './later.mjs'; ${EXPRESS} ${OPENAI} ${ASK} await ask(OpenAI); console.log(Later === OpenAI, typeof express);`,
  'two-versions.mjs': `import { OpenAI6 } from 'with-openai-6'; ${OPENAI} ${EXPRESS} ${ASK} await ask(OpenAI); await ask(OpenAI6); console.log(OpenAI === OpenAI6, typeof express);`,
  'openai-4.mjs': `import { OpenAI4 } from 'with-openai-4'; ${OPENAI} ${EXPRESS} ${ASK} await ask(OpenAI); await ask(OpenAI4); console.log(OpenAI === OpenAI4, typeof express);`,
  'shims.mjs': `import { OpenAI4 } from 'with-openai-4/shims'; ${EXPRESS} ${ASK} await ask(OpenAI4); console.log(typeof express);`,
  'sockets.mjs': `import { ResponsesWS } from 'openai/resources/responses/ws'; ${EXPRESS} ${OPENAI} ${ASK} await ask(OpenAI); console.log(typeof ResponsesWS, typeof express);`,
  'worker.mjs': `import { isMainThread, Worker } from 'node:worker_threads'; ${EXPRESS} ${OPENAI} ${ASK} await ask(OpenAI);
    if (isMainThread) console.log(typeof express, await new Promise((resolve) => new Worker(new URL(import.meta.url)).on('exit', resolve)));`,
  'child.mjs': `import { spawnSync } from 'node:child_process'; ${EXPRESS} ${OPENAI} ${ASK} await ask(OpenAI);
    console.log(typeof express, spawnSync(process.execPath, [...process.execArgv, new URL('./express.mjs', import.meta.url).pathname], { stdio: 'inherit' }).status);`,
  'require-cache.cjs': `module.exports = [typeof require.cache, typeof require.main, typeof require.extensions, Object.keys(require.cache).length > 0];`,
  'require-cache.mjs': `${OPENAI} import seen from './require-cache.cjs'; ${ASK} await ask(OpenAI); console.log(...seen);`,
  'late-loader.mjs': `import { register } from 'node:module'; ${EXPRESS} ${ASK} register('data:text/javascript,');
    const [{ default: OpenAI }, axios] = await Promise.all([import('openai'), import('axios')]); await ask(OpenAI); console.log(typeof express, typeof axios.default);`,
  'other-hook.mjs': `import { registerHooks } from 'node:module'; ${EXPRESS} ${ASK} registerHooks({ resolve: (name, context, next) => next(name === 'ai' ? 'openai' : name, context) });
    const [{ default: OpenAI }, axios] = await Promise.all([import('ai'), import('axios')]); await ask(OpenAI); console.log(typeof express, typeof axios.default);`,
  'replaced.mjs': `${EXPRESS} ${ASK} const { Promise: Own, queueMicrotask } = globalThis; globalThis.queueMicrotask = () => {};
    globalThis.Promise = class extends Own { then(...given) { return super.then(...given).then((value) => value); } };
    const { default: OpenAI } = await import('openai'); const axios = await import('axios'); Object.assign(globalThis, { Promise: Own, queueMicrotask });
    await ask(OpenAI); console.log(typeof express, typeof axios.default);`,
  'throws.cjs': `function fail() { throw new Error('from the program'); } fail();`,
  'fails.cjs': `const OpenAI = require('openai'); ${REQUIRE} ask(OpenAI).then(() => require('./throws.cjs'));`,
  'fails.mjs': `${EXPRESS} ${OPENAI} ${ASK} await ask(OpenAI); await import('./throws.cjs'); console.log(typeof express);`,
  'missing.mjs': `${ASK} const missing = await import('openai/missing').catch(({ code }) => code); const [, { OpenAI }] = await Promise.all([import('express'), import('openai/client')]);
    await ask(OpenAI); console.log(missing);`,
  'typed.mts': `${EXPRESS} ${OPENAI} ${ASK} const name: string = OpenAI.name; await ask(OpenAI); console.log(typeof express, name);`,
  'typed.ts': `${EXPRESS} ${OPENAI} ${ASK} const name: string = OpenAI.name; ask(OpenAI).then(() => console.log(typeof express, name));`,
  'tests.mjs': `import test from 'node:test'; ${EXPRESS} ${OPENAI} ${ASK} test('asks', async () => { await ask(OpenAI); if (typeof express !== 'function') throw new Error('no express'); });`,
};

const SET_UP = `
import { NodeSDK } from '@opentelemetry/sdk-node';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { consoleTree, viewing } from 'opentelemetry-instrumentation-openai/export';
new NodeSDK({ spanProcessors: viewing(consoleTree()), instrumentations: [new OpenAIInstrumentation()] }).start();`;

const SOURCE_LOADER = `
import { readFile } from 'node:fs/promises';
export const load = async (url, context, next) => {
  const result = await next(url, context);
  return result.format === 'commonjs' ? { ...result, source: await readFile(new URL(url)) } : result;
};`;

const dependency = (version: number): Record<string, string> => ({
  [`node_modules/with-openai-${version}/package.json`]: `{ "type": "module", "exports": { ".": "./index.js", "./shims": "./shims.js" } }`,
  [`node_modules/with-openai-${version}/index.js`]: `import OpenAI${version} from 'openai'; export { OpenAI${version} };`,
  [`node_modules/with-openai-${version}/shims.js`]: `import 'openai/shims/node'; export * from './index.js';`,
});

/** All files, by name. Dependencies still need their `openai`. */
export const FILES: Readonly<Record<string, string>> = {
  ...PROGRAMS,
  ...dependency(4),
  ...dependency(6),
  'call.cjs': CALL,
  'telemetry.mjs': SET_UP,
  'telemetry.cjs': SET_UP.replaceAll(/import (.*) from (.*);/g, 'const $1 = require($2);'),
  'loader.mjs': `import { register } from 'node:module'; register('data:text/javascript,');`,
  'source-loader.mjs': `import { register } from 'node:module'; register('./source-loader-hooks.mjs', import.meta.url);`,
  'source-loader-hooks.mjs': SOURCE_LOADER,
};

/** What only other programs import. */
const PARTS =
  /^(?:legacy(?:-only|-client)?|interop|dynamic|require-cache|throws)\.cjs$|^(?:pair|later|reexported|cycle-[ab])\.mjs$|ts$|^tests/;
const COMMON = ['express.mjs', 'common.cjs', 'mixed.mjs', 'dynamic.mjs', 'resolved-only.mjs'];

const OTHER_SET_UPS: readonly ReleaseCase[] = [
  { file: 'openai.mjs', setUp: 'telemetry.mjs', isCommon: true },
  { file: 'express.mjs', setUp: 'telemetry.mjs' },
  { file: 'mixed.mjs', setUp: 'telemetry.mjs' },
  { file: 'common.cjs', setUp: 'telemetry.cjs' },
  { file: 'express.mjs', setUp: 'telemetry.cjs' },
  { file: 'axios.mjs', setUp: 'NODE_OPTIONS', isCommon: true },
  { file: 'express.mjs', setUp: 'NODE_OPTIONS' },
  { file: 'common.cjs', setUp: 'NODE_OPTIONS' },
  { file: 'child.mjs', setUp: 'NODE_OPTIONS' },
].map((each) => ({ ...each, title: `${each.file} with ${each.setUp}` }) as ReleaseCase);

/** What is required also runs in the thread of a loader. */
const REQUIRED_BESIDE_LOADERS: readonly ReleaseCase[] = [
  { file: 'typed.ts', options: ['--import', 'tsx'], isCommon: true },
  { file: 'typed.mts', options: ['--import', 'tsx'] },
  { file: 'mixed.mjs', options: ['--import', './loader.mjs'] },
].map((each) => ({
  ...each,
  title: `${each.file} with telemetry.cjs beside ${each.options[1]}`,
  setUp: 'telemetry.cjs',
}));

const HOOK = '@opentelemetry/instrumentation/hook.mjs';
const LOADERS: Readonly<Record<string, { options: readonly string[]; files: readonly string[] }>> = {
  tsx: {
    options: ['--import', 'tsx'],
    files: ['typed.mts', 'typed.ts', 'express.mjs', 'mixed.mjs', 'interop.mjs', 'common.cjs'],
  },
  'module.register': {
    options: ['--import', './loader.mjs'],
    files: [
      'express.mjs',
      'mixed.mjs',
      'interop.mjs',
      'common.cjs',
      'dynamic.mjs',
      'two-versions.mjs',
      'deep.mjs',
    ],
  },
  // With a loader that provides the source of CommonJS, these releases cannot import express.
  'a loader of CommonJS': {
    options: ['--import', './source-loader.mjs'],
    files: ['alone.mjs', 'legacy-only.mjs'],
  },
  "OpenTelemetry's loader": {
    options: ['--no-warnings', '--experimental-loader', HOOK],
    files: ['express.mjs', 'mixed.mjs'],
  },
};

const BESIDE_LOADERS: readonly ReleaseCase[] = Object.entries(LOADERS).flatMap(
  ([loader, { options, files }]) =>
    files.flatMap((file) =>
      [false, true].map((isFirst) => ({
        title: `${file} ${isFirst ? 'before' : 'after'} ${loader}`,
        file,
        options,
        isFirst,
        isCommon: loader === 'tsx' && file === 'typed.mts' && !isFirst,
      })),
    ),
);

export const RELEASE_CASES: readonly ReleaseCase[] = [
  ...Object.keys(PROGRAMS)
    .filter((file) => !PARTS.test(file))
    .map((file) => ({ title: file, file, isCommon: COMMON.includes(file) })),
  ...OTHER_SET_UPS,
  ...REQUIRED_BESIDE_LOADERS,
  ...BESIDE_LOADERS,
  // Node 22.15 still needs the option.
  {
    title: 'typed.mts, whose types Node strips',
    file: 'typed.mts',
    options: ['--no-warnings', '--experimental-strip-types'],
    isCommon: true,
  },
  { title: 'tests.mjs', file: 'tests.mjs', options: ['--test-reporter=dot'] },
];
