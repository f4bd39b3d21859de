import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'register-'));
  await writeFile(join(folder, 'app.mjs'), '');
  await writeFile(join(folder, 'app.cjs'), '');
});
afterAll(() => rm(folder, { recursive: true }));

/** What a program says that is started with `…/register` on a Node without module hooks. */
async function said(app: string, environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const old = `data:text/javascript,import m from 'node:module'; m.registerHooks = undefined;`;
  const register = pathToFileURL(resolve('src/register.ts')).href;
  const parameters = ['--import', old, '--import', register, join(folder, app)];
  const env = { ...process.env, ...environment };
  return (await promisify(execFile)(process.execPath, parameters, { env })).stderr;
}

test('an ES module that cannot be instrumented prints the reason once', async () => {
  expect(await said('app.mjs')).toMatch(
    /^opentelemetry-instrumentation-openai: Node v\S+ has no module hooks: .*Use Node 22.15 or later, .*\n$/,
  );
  expect(await said('app.cjs')).toBe('');
  expect(await said('app.mjs', { OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'false' })).toBe('');
  expect(await said('app.mjs', { OTEL_SDK_DISABLED: 'true' })).toBe('');
});

test('an ES module that instruments its client itself prints nothing', async () => {
  const client = pathToFileURL(resolve('src/client.ts')).href;
  await writeFile(
    join(folder, 'own.mjs'),
    `import OpenAI from ${JSON.stringify(import.meta.resolve('openai'))};
     import { instrumentOpenAI } from ${JSON.stringify(client)};
     instrumentOpenAI(new OpenAI({ apiKey: 'test' }));`,
  );
  expect(await said('own.mjs')).toBe('');
});
